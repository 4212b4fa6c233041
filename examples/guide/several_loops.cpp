// SPDX-License-Identifier: MIT
// A library's object that keeps the functions of one loop, and two loops in one program.
#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;

// [client]
/// Says its name once a second, on the loop that it was given.
class beacon {
 public:
  beacon(std::string name, interloop::api async) : name_(std::move(name)), async_(async) {}
  explicit beacon(std::string name) : beacon(std::move(name), interloop::with_config()) {}

  void start() {
    async_.call_later(1s, [this] {
      std::printf("%s\n", name_.c_str());
      start();
    });
  }

 private:
  std::string name_;
  interloop::api async_;
};
// [/client]

}  // namespace

int main() {
  // [two]
  interloop::testing::manual_loop one;
  interloop::testing::manual_loop two;
  beacon first("one", interloop::with_config(one));
  beacon second("two", interloop::with_config(two));
  // [/two]
  first.start();
  second.start();
  one.advance(1s);
  two.advance(1s);

  // [current]
  // No loop is selected: inside a turn, the free functions use the loop whose turn it is.
  two->call_soon([] { interloop::call_soon([] { std::puts("on two as well"); }); });
  // [/current]
  two.run_ready();
}
