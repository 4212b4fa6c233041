// SPDX-License-Identifier: MIT
// Finds the format of a category.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace interloop::detail {

/// The format, alive as long as the pointer even where another one takes its place meanwhile; null where there is none.
std::shared_ptr<const std::string> find_category(std::string_view name);

}  // namespace interloop::detail
