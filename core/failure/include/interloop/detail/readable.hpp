// SPDX-License-Identifier: MIT
// Turns compilers' names of types and functions into names as a person writes them.
#pragma once

#include <string>
#include <string_view>
#include <typeinfo>

namespace interloop::detail {

/// A type's name: demangled, without inline namespaces, with `std::string` for what that stands for, and for an object
/// thrown by `std::throw_with_nested` the type of its argument. Errors: `std::bad_alloc`.
[[nodiscard]] std::string readable_type(const std::type_info& type);

/// A linker symbol, demangled; unchanged if it is not a C++ symbol. Errors: `std::bad_alloc`.
[[nodiscard]] std::string demangled(const char* symbol);

/// A function with its scopes and parameter types, from `std::source_location::function_name()` or a demangled symbol
/// of g++ or clang: without return type and unnamed namespaces, a lambda as `<lambda(int)>`, a coroutine's inner
/// functions as the coroutine. What is not understood is left unchanged. Errors: `std::bad_alloc`.
[[nodiscard]] std::string readable_function(std::string_view compiler_name);

}  // namespace interloop::detail
