#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# g++ 12 (Debian 12: 12.2.0-14+deb12u1).
#
# One would expect: coroutine_handle::from_promise(promise).address() is where the coroutine's frame begins, the address
# that the promise's operator new has returned.
# What happens: in a coroutine that awaits a temporary in a condition (`if (co_await x.next())`, `while (...)`), the promise
# lies 8 bytes further on than from_promise expects, so the handle's address is 8 bytes behind the frame. If a variable is
# declared in the condition or before it, all is as expected.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/main.cpp" <<'CPP'
#include <coroutine>
#include <cstdio>
#include <cstdlib>

char* frame;

struct task {
  struct promise_type {
    static void* operator new(std::size_t bytes) { return frame = static_cast<char*>(std::malloc(bytes)); }
    static void operator delete(void* block) { std::free(block); }
    task get_return_object() {
      char* const found = static_cast<char*>(std::coroutine_handle<promise_type>::from_promise(*this).address());
      std::printf("the handle's address is %d bytes behind the frame\n", static_cast<int>(found - frame));
      return {};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
    long member = 0;
  };
};

struct awaitable {
  awaitable() {}
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  bool await_resume() { return false; }
};

task in_a_condition() {
  while (co_await awaitable()) {
  }
}
task in_a_declaration() {
  while (const bool more = co_await awaitable()) {
  }
}

int main() {
  in_a_condition();
  in_a_declaration();
}
CPP
g++-12 -std=c++20 -O0 "$folder/main.cpp" -o "$folder/main"
output=$("$folder/main")
echo "$output"
[[ $output == *"is 8 bytes behind"*"is 0 bytes behind"* ]] || { echo "This has changed." >&2 && exit 1; }
