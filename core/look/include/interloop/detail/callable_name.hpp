// SPDX-License-Identifier: MIT
// What a queue, a timer or a watch is going to call, by the name of the code that the library made for it.
#pragma once

#include <string>
#include <string_view>

namespace interloop::detail {

/// The callable's type, as a person reads it; empty if the function is not code of that kind.
/// \param function  demangled. Errors: `std::bad_alloc`.
[[nodiscard]] std::string callable_name(std::string_view function);

}  // namespace interloop::detail
