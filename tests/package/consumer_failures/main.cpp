// SPDX-License-Identifier: MIT
// Makes a failure in a handler, deep inside a callback, and checks that the traceback names the callers, without
// interloop::throw_traces. With the argument `stripped`, in a binary that knows only their addresses.

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

std::optional<interloop::failure> made;

constexpr int line_of_handler = __LINE__ + 5;
[[gnu::noinline]] void handles() {
  try {
    throw std::runtime_error("thrown");
  } catch (...) {
    made = interloop::create_failure();
  }
}
[[gnu::noinline]] void deep(int depth) {
  depth == 0 ? handles() : deep(depth - 1);
  asm volatile("" ::: "memory");  // no tail call
}
void callback() {
  deep(2);
  asm volatile("" ::: "memory");
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

int main(int arguments, char**) {
  interloop::testing::manual_loop loop;
  const auto selected = interloop::testing::replace_loop(loop);
  interloop::call_soon(&callback);
  loop.run_ready();
  const std::string text = interloop::failure_format_traceback(made.value());
  const std::string handler = "main.cpp:" + std::to_string(line_of_handler) + " in handles()\n";
  const bool named = count(text, "consumer+0x") == 4 && count(text, " in deep(int)\n") == 3 &&
                     text.find(" in callback()\nstd::runtime_error: thrown") != std::string::npos;
  const bool numbered = count(text, "consumer+0x") >= 4 && text.find(" in deep") == std::string::npos;
  if (text.find(handler) != std::string::npos && (arguments > 1 ? numbered : named)) {
    std::puts("ok");
  } else {
    std::puts(text.c_str());
  }
}
