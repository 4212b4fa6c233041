// SPDX-License-Identifier: MIT
// Names of types and functions as a person writes them, from what compilers make of them. Row 0.
#pragma once

#include <string>
#include <string_view>
#include <typeinfo>

namespace interloop::detail {

/// A type's name: demangled, without inline namespaces, `std::string` for what that is, and for what
/// `std::throw_with_nested` throws the type that it was given. Errors: `std::bad_alloc`.
[[nodiscard]] std::string readable_type(const std::type_info& type);

/// A linker's symbol, demangled; as it is if it is no C++ symbol. Errors: `std::bad_alloc`.
[[nodiscard]] std::string demangled(const char* symbol);

/// A function with its scopes and its parameters' types, from `std::source_location::function_name()` or a demangled
/// symbol, of g++ or clang: no return type, no unnamed namespaces, a lambda as `<lambda(int)>`, and a coroutine's inner
/// functions as the coroutine. What is not understood stays as it is. Errors: `std::bad_alloc`.
[[nodiscard]] std::string readable_function(std::string_view compiler_name);

}  // namespace interloop::detail
