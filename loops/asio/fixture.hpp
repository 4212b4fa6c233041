// SPDX-License-Identifier: MIT
// Asio as tests and benchmarks drive it: an io_context with interloop on it, run by one thread or by several.
#pragma once

#include <interloop/adapters/asio.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <asio.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {

/// One io_context, run by the thread of the test.
class on_one_asio_thread : public testing::conformance::native_loop {
 public:
  using maker = std::function<asio_loop(asio::io_context&)>;

  /// Asio is at its fastest with the concurrency hint 1 and inside a handler, so that is how it is measured.
  explicit on_one_asio_thread(maker make, int concurrency_hint = 1)
      : native(concurrency_hint), make_(std::move(make)), owner_(make_(native)) {}
  ~on_one_asio_thread() override { owner_.reset(); }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(make_(native));
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) {
      if (native.stopped()) native.restart();
      if (native.run_one_for(std::chrono::milliseconds(2)) == 0) std::this_thread::yield();
    }
    return is_done;
  }
  void call_native(std::function<void()> fn) override { asio::post(native, std::move(fn)); }
  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch : std::enable_shared_from_this<watch> {
      watch(asio::io_context& on, int descriptor, std::function<void()> call)
          : watched(on, descriptor), fn(std::move(call)) {}
      void wait() {
        watched.async_wait(watched.wait_read, [self = shared_from_this()](const asio::error_code& error) {
          if (error || !self->fn) return;
          self->fn();
          if (self->fn) self->wait();
        });
      }
      asio::posix::stream_descriptor watched;
      std::function<void()> fn;
    };
    const auto made = std::make_shared<watch>(native, fd, std::move(on_readable));
    made->wait();
    return {made.get(), [made](watch*) {
              made->watched.release();  // without closing the descriptor
              made->fn = nullptr;
            }};
  }

  /// The native loop's own way to call a function soon.
  template <class F>
  void native_post(F&& fn) {
    asio::post(native, std::forward<F>(fn));
  }
  /// For benchmarks: until nothing is left to do.
  void run() {
    native.restart();
    native.run();
  }

  asio::io_context native;

 private:
  maker make_;
  std::optional<asio_loop> owner_;
};

class on_asio final : public on_one_asio_thread {
 public:
  explicit on_asio(int concurrency_hint = 1)
      : on_one_asio_thread([](asio::io_context& io) { return asio_loop(io); }, concurrency_hint) {}
  // A strand of Asio 1.22 that runs out of memory while it is made crashes.
  bool make_owner() override { return false; }
};

class on_asio_one_thread final : public on_one_asio_thread {
 public:
  explicit on_asio_one_thread(int concurrency_hint = 1)
      : on_one_asio_thread([](asio::io_context& io) { return asio_loop(io, one_thread); }, concurrency_hint) {}
};

/// One io_context, run by several threads while the test waits.
class on_several_asio_threads final : public testing::conformance::native_loop {
 public:
  explicit on_several_asio_threads(bool own_strand) {
    if (own_strand) {
      owner_.emplace(native_);
    } else {
      given_.emplace(native_.get_executor());
      owner_.emplace(*given_);
    }
    remote_.emplace(core().remote());
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    using namespace std::chrono_literals;
    const auto end = std::chrono::steady_clock::now() + limit;
    if (done()) return true;
    std::atomic<bool> over = false;
    if (native_.stopped()) native_.restart();
    auto work = asio::make_work_guard(native_);
    std::vector<std::thread> runners;
    for (int i = 0; i < 3; ++i)
      runners.emplace_back([&] {
        while (!over) native_.run_one_for(2ms);
      });
    while (!over && std::chrono::steady_clock::now() < end) {
      // Asked on the strand. A loop that closes meanwhile destroys the question.
      std::atomic<bool> answered = false;
      auto ask = [&, end_of_question = std::shared_ptr<void>(nullptr, [&](void*) { answered = true; })] {
        if (done()) over = true;
      };
      try {
        if (given_) {
          asio::post(*given_, std::move(ask));
        } else {
          remote_->post(std::move(ask));
        }
      } catch (const loop_closed&) {  // nothing more is going to happen, but time may pass
        std::this_thread::sleep_for(std::min<duration>(limit, 5ms));
        break;
      }
      while (!answered) std::this_thread::sleep_for(100us);
    }
    over = true;
    for (std::thread& each : runners) each.join();
    work.reset();
    if (!owner_ || (*owner_)->closed()) {
      native_.poll();
      return done();
    }
    // The calling thread becomes the one of the last turn.
    bool turned = false;
    const auto last = std::chrono::steady_clock::now() + 5s;
    (*owner_)->post([&] { turned = true; });
    while (!turned && std::chrono::steady_clock::now() < last && !(*owner_)->closed()) {
      if (native_.stopped()) native_.restart();
      native_.run_one_for(2ms);
    }
    return done();
  }
  void call_native(std::function<void()> fn) override { asio::post(*given_, std::move(fn)); }

 private:
  asio::io_context native_;
  std::optional<asio::strand<asio::io_context::executor_type>> given_;
  std::optional<asio_loop> owner_;
  std::optional<loop_remote> remote_;
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_asio(Visit visit) {
  visit.template operator()<on_asio>("asio");
  visit.template operator()<on_asio_one_thread>("asio_one_thread");
}

}  // namespace interloop::test
