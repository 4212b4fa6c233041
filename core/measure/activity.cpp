// SPDX-License-Identifier: MIT
#include "activity.hpp"

#include <interloop/detail/place_text.hpp>
#include <interloop/detail/readable.hpp>

#include "core/failure/stack/symbols.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace interloop::measure {

namespace {

using kind = activity::kind;

// Templates of ours around a callable, outermost first where they are nested.
constexpr std::string_view wrappers[] = {"boxed<",         "owned<",   "bound<",
                                         "kept_callable<", "keeping<", "std::unique_ptr<"};

std::string function_at(const void* code) {
  const std::uintptr_t inside = reinterpret_cast<std::uintptr_t>(code) + 1;  // addresses are taken as return addresses
  const std::vector<stack_frame> frames = stack::symbols(std::span(&inside, 1), nullptr);
  if (frames.empty() || frames.front().function.empty()) return {};
  return frames.front().function;
}

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

/// The callable's type, from the name of the function that calls it.
std::string callable_in(const std::string& function) {
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
    return detail::readable_function(rest);
  }
  return {};
}

}  // namespace

std::string text_of(const activity& what) {
  std::string text;
  const auto named = [&](const char* sort) {
    text = sort;
    if (const std::string callable = callable_in(function_at(what.code)); !callable.empty()) text += " " + callable;
  };
  switch (what.what) {
    case kind::none:
      return "nothing";
    case kind::callback:
      named("callback");
      break;
    case kind::posted:
      named("posted callback");
      break;
    case kind::timer:
      named("timer");
      break;
    case kind::watch:
      named("watch");
      text += " of descriptor " + std::to_string(what.number);
      break;
    case kind::future:
      text = "callbacks of a future";
      break;
    case kind::waiter:
      text = "a coroutine of another loop";
      break;
    case kind::coroutine:
      text = "coroutine";
      if (what.where.line() == 0) {
        if (const std::string function = function_at(what.code); !function.empty())
          text += " " + detail::readable_function(function);
      }
      break;
  }
  if (what.where.line() != 0) {
    if (what.what == kind::coroutine) {
      text += " " + detail::readable_function(what.where.function_name()) + " (" + detail::place_text(what.where) + ")";
    } else {
      text += " created in " + detail::place_text(what.where) + ", " +
              detail::readable_function(what.where.function_name());
    }
  }
  return text;
}

}  // namespace interloop::measure
