// SPDX-License-Identifier: MIT
// Finds the format of a category.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace interloop::detail {

/// The format, alive as long as the pointer even if it is replaced meanwhile; null if there is none.
std::shared_ptr<const std::string> find_category(std::string_view name);

}  // namespace interloop::detail
