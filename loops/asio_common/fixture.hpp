// SPDX-License-Identifier: MIT
// A flavour of Asio as tests and benchmarks drive it: an io_context with interloop on it, run by one thread or by
// several. `Flavour`, in the flavour's own fixture.hpp, names its types and functions.
#pragma once

#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <interloop/testing/loop_kinds.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop::test {

/// One io_context, run by the thread of the test.
template <class Flavour>
class on_asio_thread : public testing::conformance::native_loop {
 public:
  using io_context = typename Flavour::io_context;
  using owner = typename Flavour::loop;
  using maker = std::function<owner(io_context&)>;

  /// Asio is at its fastest with the concurrency hint 1 and inside a handler, so that is how it is measured.
  explicit on_asio_thread(maker make, int concurrency_hint = 1)
      : native(concurrency_hint), make_(std::move(make)), owner_(make_(native)) {}
  ~on_asio_thread() override { owner_.reset(); }

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
  void call_native(std::function<void()> fn) override { Flavour::post(native.get_executor(), std::move(fn)); }
  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    struct watch : std::enable_shared_from_this<watch> {
      watch(io_context& on, int descriptor, std::function<void()> call)
          : watched(on, descriptor), fn(std::move(call)) {}
      void wait() {
        watched.async_wait(watched.wait_read,
                           [self = this->shared_from_this()](const typename Flavour::error_code& error) {
                             if (error || !self->fn) return;
                             self->fn();
                             if (self->fn) self->wait();
                           });
      }
      typename Flavour::stream_descriptor watched;
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
    Flavour::post(native.get_executor(), std::forward<F>(fn));
  }
  /// For benchmarks: until nothing is left to do.
  void run() {
    native.restart();
    native.run();
  }

  io_context native;

 private:
  maker make_;
  std::optional<owner> owner_;
};

/// Through a strand of interloop's own.
template <class Flavour>
class on_asio_strand : public on_asio_thread<Flavour> {
 public:
  explicit on_asio_strand(int concurrency_hint = 1)
      : on_asio_thread<Flavour>([](auto& io) { return typename Flavour::loop(io); }, concurrency_hint) {}
  // A strand of Asio 1.22 that runs out of memory while it is made crashes.
  bool make_owner() override { return false; }
};

/// Without a strand.
template <class Flavour>
class on_asio_alone : public on_asio_thread<Flavour> {
 public:
  explicit on_asio_alone(int concurrency_hint = 1)
      : on_asio_thread<Flavour>([](auto& io) { return typename Flavour::loop(io, one_thread); }, concurrency_hint) {}
};

/// One io_context, run by several threads while the test waits.
template <class Flavour>
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
    auto work = Flavour::work_guard(native_);
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
          Flavour::post(*given_, std::move(ask));
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
  void call_native(std::function<void()> fn) override { Flavour::post(*given_, std::move(fn)); }

 private:
  typename Flavour::io_context native_;
  std::optional<typename Flavour::strand> given_;
  std::optional<typename Flavour::loop> owner_;
  std::optional<loop_remote> remote_;
};

/// The concurrency hint of a context that is made without one.
inline constexpr int no_hint = -1;

/// Adds the kinds of a flavour, on which tests run, by its name.
template <class Flavour>
bool add_asio(const std::string& name) {
  using conformance_ability = testing::conformance::ability;
  const std::pair<const conformance_ability, std::string> strands_do_not_nest{
      conformance_ability::nests, "a strand runs no handler inside another, so a nested run does not reach the loop"};
  const std::string beside_the_strand = "a handler of the io_context runs in any thread, beside the loop's strand";
  const std::pair<const conformance_ability, std::string> no_native_call{conformance_ability::calls_natively,
                                                                         beside_the_strand};
  const std::pair<const conformance_ability, std::string> no_native_watch{conformance_ability::watches_natively,
                                                                          beside_the_strand};
  const std::pair<const conformance_ability, std::string> asks_the_loop{
      conformance_ability::sleeps, "whether a case is done is asked on the loop's strand, again and again"};

  testing::add_loop({.name = name,
                     .make = [] { return std::make_unique<on_asio_strand<Flavour>>(no_hint); },
                     .lacks = {strands_do_not_nest},
                     .own = [] { return loop_owner(typename Flavour::loop()); }});
  testing::add_loop(
      {.name = name + "_one_thread", .make = [] { return std::make_unique<on_asio_alone<Flavour>>(no_hint); }});
  testing::add_conformance({.name = name + "_given_strand",
                            .make =
                                [] {
                                  return std::make_unique<on_asio_thread<Flavour>>([](auto& io) {
                                    return typename Flavour::loop(typename Flavour::strand(io.get_executor()));
                                  });
                                },
                            .lacks = {strands_do_not_nest}});
  testing::add_conformance({.name = name + "_any_executor",
                            .make =
                                [] {
                                  return std::make_unique<on_asio_thread<Flavour>>([](auto& io) {
                                    return typename Flavour::loop(typename Flavour::any_executor(io.get_executor()));
                                  });
                                },
                            .lacks = {strands_do_not_nest}});
  testing::add_conformance({.name = name + "_several_threads_given_strand",
                            .make = [] { return std::make_unique<on_several_asio_threads<Flavour>>(false); },
                            .lacks = {strands_do_not_nest, no_native_watch, asks_the_loop}});
  testing::add_conformance({.name = name + "_several_threads",
                            .make = [] { return std::make_unique<on_several_asio_threads<Flavour>>(true); },
                            .lacks = {strands_do_not_nest, no_native_call, no_native_watch, asks_the_loop}});
  return true;
}

}  // namespace interloop::test
