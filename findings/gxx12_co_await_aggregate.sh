#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# g++ 12 (Debian 12: 12.2.0-14), and clang++ if it is installed. Needs g++-12, a package of that name in Debian.
#
# One would expect: each object is destroyed once.
# What happens: an aggregate that is made in place as an argument inside a co_await expression, `co_await
# f(options{x})`, is moved into the frame bit by bit, without its members' constructors, and both objects are destroyed.
# If a member owns memory, that is freed twice; here the member only counts. A lambda that captures by value is treated in the
# same way. If the type has a constructor of its own, it is handled correctly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/count.cpp" <<'CPP'
#include <coroutine>
#include <cstdio>

struct counted {
  static inline int made = 0, destroyed = 0;
  counted() { ++made; }
  counted(const counted&) { ++made; }
  ~counted() { ++destroyed; }
};
struct aggregate {
  counted member;
};
struct with_constructor {
  counted member;
  explicit with_constructor(const counted& from) : member(from) {}
};
template <class Options>
std::suspend_never use(Options) {
  return {};
}
struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
template <class Options>
task run() {
  const counted first;
  co_await use(Options{first});
}
template <class Options>
void show(const char* what) {
  counted::made = counted::destroyed = 0;
  run<Options>();
  std::printf("%s: made %d, destroyed %d\n", what, counted::made, counted::destroyed);
}
task run_lambda() {
  const counted first;
  co_await use([first] { (void)first; });
}
int main() {
  counted::made = counted::destroyed = 0;
  run_lambda();
  std::printf("lambda: made %d, destroyed %d\n", counted::made, counted::destroyed);
  show<aggregate>("aggregate");
  show<with_constructor>("with a constructor");
}
CPP
see() {
    "$1" -std=c++20 -O1 "$folder/count.cpp" -o "$folder/count"
    echo "$1 $("$1" -dumpfullversion -dumpversion)"
    "$folder/count" | tee "$folder/seen"
}
see g++-12
grep -qx 'aggregate: made 2, destroyed 3' "$folder/seen" || { echo "This has changed." >&2 && exit 1; }
grep -qx 'lambda: made 2, destroyed 3' "$folder/seen" || { echo "This has changed." >&2 && exit 1; }
grep -qx 'with a constructor: made 2, destroyed 2' "$folder/seen" || { echo "This has changed." >&2 && exit 1; }
for other in clang++ clang++-19; do
    if command -v "$other" >/dev/null; then see "$other"; fi
done
