// SPDX-License-Identifier: MIT
#include <interloop/detail/callable_name.hpp>

#include <interloop/detail/readable.hpp>

namespace interloop::detail {

namespace {

// Templates of ours around a callable, outermost first where they are nested.
constexpr std::string_view wrappers[] = {"boxed<",   "owned<",           "bound<",     "kept_callable<",
                                         "keeping<", "std::unique_ptr<", "call_task<", "reactor_call<"};

/// The first of the arguments that follow, up to the comma or the bracket that ends it.
std::string_view first_argument(std::string_view rest) {
  int open = 0;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const char each = rest[at];
    if (each == '<' || each == '(' || each == '[' || each == '{') ++open;
    if (each == '>' && at > 0 && rest[at - 1] == '-') continue;
    if ((each == ',' && open == 0) || ((each == '>' || each == ')' || each == ']' || each == '}') && open-- == 0))
      return rest.substr(0, at);
  }
  return rest;
}

}  // namespace

std::string callable_name(std::string_view function) {
  std::string_view rest = function;
  for (const std::string_view caller :
       {"task_queue::record<", "timer_queue::code_of<", "::call_inline<", "::call_boxed<"}) {
    const auto at = rest.find(caller);
    if (at == rest.npos) continue;
    rest = first_argument(rest.substr(at + caller.size()));
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view wrapper : wrappers) {
        const auto begin = rest.find(wrapper);
        const auto before = rest.substr(0, begin);
        if (begin == rest.npos || before.find_first_of("<({") != before.npos) continue;
        rest = first_argument(rest.substr(begin + wrapper.size()));
        again = true;
      }
    }
    while (rest.ends_with(' ')) rest.remove_suffix(1);
    // The type of a pointer to a function is no function's name: its result's type would be left out.
    return rest.ends_with(')') && rest.find("(*)(") != rest.npos ? std::string(rest) : readable_function(rest);
  }
  return {};
}

}  // namespace interloop::detail
