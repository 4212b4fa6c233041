// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

namespace demo {
namespace {

namespace wamp = interloop::wamp;

constexpr int steps = 20;  // of the progress that is published

options parse(int argc, char** argv) {
  options given;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--role") given.role = argv[i + 1];
    if (name == "--url") given.url = argv[i + 1];
    if (name == "--calls") given.calls = std::atoll(argv[i + 1]);
    if (name == "--window") given.window = std::atoi(argv[i + 1]);
  }
  if (given.url.empty() || given.calls < 1 || given.window < 1 || (given.role != "callee" && given.role != "caller")) {
    std::fprintf(stderr, "usage: %s --role callee|caller --url URL --calls N [--window N]\n", argv[0]);
    std::exit(2);
  }
  return given;
}

double cpu_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::int64_t microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

program::program(int argc, char** argv, interloop::function<void()> finished) : given_(parse(argc, argv)) {
  auto end = std::make_shared<interloop::function<void()>>(std::move(finished));
  const interloop::api loop = interloop::with_config();
  interloop::add_callbacks(
      given_.role == "callee" ? be_called(loop) : call(loop), [end] { (*end)(); },
      [this, end](const interloop::failure& why) {
        std::fprintf(stderr, "%s\n", interloop::failure_message(why).c_str());
        failed_ = true;
        (*end)();
      });
}

// [callee]
interloop::future<void> program::be_called(interloop::api loop) {
  const wamp::session session = co_await wamp::join(loop, given_.url, "open");
  const auto over = loop.create_future<void>();
  const std::int64_t step = std::max<std::int64_t>(given_.calls / steps, 1);
  const auto add = [&, this](std::int64_t a, std::int64_t b) {
    if (++done_ % step == 0) session.publish("demo.progress", done_, microseconds());
    return a + b;
  };
  const auto finish = [over] { interloop::resolve(over); };
  co_await session.register_("demo.add", add);
  co_await session.register_("demo.finish", finish);
  std::puts("ready");
  std::fflush(stdout);
  co_await over;
  cpu_seconds_ = cpu_now();
  co_await session.leave();
}
// [/callee]

// [caller]
interloop::future<void> program::call(interloop::api loop) {
  const wamp::session session = co_await wamp::join(loop, given_.url, "open");
  latencies_.reserve(static_cast<std::size_t>(given_.calls));
  const double cpu = cpu_now();
  const auto start = clock::now();
  std::vector<interloop::future<void>> lanes;
  for (int i = 0; i < given_.window; ++i) lanes.push_back(lane(loop, session));
  for (auto& each : lanes) co_await each;
  took_ = clock::now() - start;
  cpu_seconds_ = cpu_now() - cpu;
  co_await session.call<void>("demo.finish");
  co_await session.leave();
}

// Has one call in flight at a time.
interloop::future<void> program::lane(interloop::api, wamp::session session) {
  while (started_ < given_.calls) {
    const std::int64_t number = started_++;
    const auto sent = clock::now();
    const auto sum = co_await session.call<std::int64_t>("demo.add", number, 1);
    latencies_.push_back(clock::now() - sent);
    ++done_;
    if (sum != number + 1) ++wrong_;
  }
}
// [/caller]

int program::report() {
  const auto percentile = [this](std::size_t percent) -> double {
    if (latencies_.empty()) return 0;
    const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>((latencies_.size() - 1) * percent / 100);
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return std::chrono::duration<double, std::micro>(*at).count();
  };
  const double seconds = std::max(std::chrono::duration<double>(took_).count(), 1e-9);
  const std::string_view loop = interloop::config().loop->name();
  std::printf("role=%s loop=%.*s done=%lld wrong=%lld per_second=%.0f p50_us=%.1f p99_us=%.1f cpu_us=%.2f\n",
              given_.role.c_str(), static_cast<int>(loop.size()), loop.data(), static_cast<long long>(done_),
              static_cast<long long>(wrong_), static_cast<double>(done_) / seconds, percentile(50), percentile(99),
              cpu_seconds_ * 1e6 / static_cast<double>(std::max<std::int64_t>(done_, 1)));
  return failed_ || wrong_ != 0 || done_ != given_.calls ? 1 : 0;
}

}  // namespace demo
