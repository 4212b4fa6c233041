// SPDX-License-Identifier: MIT
// A connection that is closed when nothing has come for 30 seconds.
#include <cstdio>
#include <interloop/idle_timeout.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

// [connection]
class connection {
 public:
  explicit connection(interloop::loop& loop) : idle_(loop, [this] { close(); }) { idle_.restart(limit); }

  void received(const char* message) {
    idle_.restart(limit);
    std::printf("%s\n", message);
  }
  void close() {
    idle_.cancel();
    std::puts("closed");
  }

 private:
  static constexpr std::chrono::seconds limit{30};
  interloop::idle_timeout idle_;
};
// [/connection]

int main() {
  using namespace std::chrono_literals;
  interloop::testing::manual_loop loop;
  connection one(*loop);
  loop.advance(29s);
  one.received("hello");
  loop.advance(29s);
  one.received("hello again");
  loop.advance(1min);
}
