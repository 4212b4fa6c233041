// SPDX-License-Identifier: MIT
// Every misuse, and the error that it causes.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <memory>
#include <string>

namespace {

template <class Misuse>
void show(const char* what, Misuse misuse) {
  try {
    misuse();
    std::printf("%s\n  no error\n", what);
  } catch (...) {
    std::printf("%s\n  %s\n", what, interloop::failure_message(interloop::create_failure()).c_str());
  }
}

interloop::future<int> coroutine() { co_return 1; }

}  // namespace

int main() {
  using namespace interloop;
  show("no loop selected", [] { call_soon([] {}); });

  testing::manual_loop loop;
  const auto selected = testing::replace_loop(loop);
  show("resolve, twice", [] {
    auto f = create_future<int>(1);
    resolve(f, 2);
  });
  show("resolve a coroutine's future", [] { resolve(coroutine(), 2); });
  show("value() of a pending future", [] { static_cast<void>(create_future<int>().value()); });
  show("take() of a move-only value, twice", [] {
    auto f = create_future<std::unique_ptr<int>>(std::make_unique<int>(1));
    static_cast<void>(f.take());
    static_cast<void>(f.take());
  });
  show("a default-constructed future", [] { static_cast<void>(is_called(future<int>())); });
  show("add_callbacks with two nulls", [] { add_callbacks(create_future<int>(), nullptr); });
  show("reject without an exception", [] { reject(create_future<int>()); });
  show("create_failure of a null exception_ptr", [] { static_cast<void>(create_failure(std::exception_ptr())); });
  show("watch of a closed descriptor", [] { static_cast<void>(watch(-1, interest::read, [](interest) {})); });
  show("watch of a regular file", [] {
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const std::unique_ptr<const int, void (*)(const int*)> closing(&fd, [](const int* it) { ::close(*it); });
    try {
      static_cast<void>(watch(fd, interest::read, [](interest) {}));
    } catch (const usage_error& e) {
      const std::string number = std::to_string(fd);
      const std::string text = e.what();
      const std::size_t at = text.find(number);
      throw usage_error(text.substr(0, at) + '7' + text.substr(at + number.size()));
    }
  });
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 1;
  show("watch of a descriptor that is watched", [&] {
    const auto first = watch(ends[0], interest::read, [](interest) {});
    static_cast<void>(watch(ends[0], interest::write, [](interest) {}));
  });
  show("make_batched_timer(0s)", [] { static_cast<void>(make_batched_timer(std::chrono::seconds(0))); });
  show("make_batched_timer(1s, 0)", [] { static_cast<void>(make_batched_timer(std::chrono::seconds(1), 0)); });
  auto pending = create_future<int>();
  const auto remote = loop->remote();
  close();
  show("call_soon on a closed loop", [] { call_soon([] {}); });
  show("create_future on a closed loop", [] { static_cast<void>(create_future<int>()); });
  show("post to a closed loop", [&] { remote.post([] {}); });
  show("value() of a future that was pending then", [&] { static_cast<void>(pending.value()); });
}
