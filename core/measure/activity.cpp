// SPDX-License-Identifier: MIT
#include "activity.hpp"

#include <interloop/detail/callable_name.hpp>
#include <interloop/detail/place_text.hpp>
#include <interloop/detail/readable.hpp>

#include "core/failure/stack/symbols.hpp"

namespace interloop::measure {

namespace {

using kind = activity::kind;

}  // namespace

std::string text_of(const activity& what) {
  std::string text;
  const auto named = [&](const char* sort) {
    text = sort;
    if (const std::string callable = detail::callable_name(stack::function_at(what.code)); !callable.empty())
      text += " " + callable;
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
        if (const std::string function = stack::function_at(what.code); !function.empty())
          text.append(" ").append(detail::readable_function(function));
      }
      break;
  }
  if (what.where.line() != 0) {
    const std::string place = detail::place_text(what.where);
    const std::string function = detail::readable_function(what.where.function_name());
    if (what.what == kind::future) {
      text += " created in " + place + ", " + function;
    } else {
      if (what.what == kind::coroutine) text += " " + function;
      text += " (" + place + ")";
    }
  }
  return text;
}

}  // namespace interloop::measure
