// SPDX-License-Identifier: MIT
// Asio: the conformance suite on each kind of executor, and what is particular to this loop.
#include "conformance.hpp"

#include <interloop/adapters/asio.hpp>
#include <interloop/interloop.hpp>

#include <sys/socket.h>
#include <unistd.h>
#include <asio.hpp>

#include <atomic>
#include <optional>
#include <thread>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

using strand = asio::strand<asio::io_context::executor_type>;

/// One io_context, run by the thread of the test.
class one_runner : public conformance::native_loop {
 public:
  explicit one_runner(const std::function<asio_loop(asio::io_context&)>& make) : owner_(make(native_)) {}
  ~one_runner() override { owner_.reset(); }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) {
      if (native_.stopped()) native_.restart();
      if (native_.run_one_for(2ms) == 0) std::this_thread::yield();
    }
    return is_done;
  }
  void call_native(std::function<void()> fn) override { asio::post(native_, std::move(fn)); }

 protected:
  asio::io_context native_;
  std::optional<asio_loop> owner_;
};

/// One io_context, run by several threads while the test waits.
class several_runners final : public conformance::native_loop {
 public:
  explicit several_runners(bool own_strand) {
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
  std::optional<strand> given_;
  std::optional<asio_loop> owner_;
  std::optional<loop_remote> remote_;
};

const std::pair<const conformance::ability, std::string> strands_do_not_nest{
    conformance::ability::nests, "a strand runs no handler inside another, so a nested run does not reach the loop"};

conformance::harness on(const char* name, std::function<asio_loop(asio::io_context&)> make, bool nests = false) {
  conformance::harness made{.name = name, .make = [make] { return std::make_unique<one_runner>(make); }};
  if (!nests) made.lacks.insert(strands_do_not_nest);
  return made;
}

const bool registered[] = {
    register_cases("AsioOwnStrand", on("asio, a strand of its own", [](auto& io) { return asio_loop(io); })),
    register_cases("AsioOneThread", on(
                                        "asio, one thread", [](auto& io) { return asio_loop(io, one_thread); }, true)),
    register_cases("AsioGivenStrand",
                   on("asio, a given strand", [](auto& io) { return asio_loop(asio::make_strand(io)); })),
    register_cases("AsioAnyExecutor", on("asio, any_io_executor",
                                         [](auto& io) { return asio_loop(asio::any_io_executor(io.get_executor())); })),
    register_cases("AsioThreadsGivenStrand", {.name = "asio, several threads, a given strand",
                                              .make = [] { return std::make_unique<several_runners>(false); },
                                              .lacks = {strands_do_not_nest}}),
    register_cases("AsioThreadsOwnStrand",
                   {.name = "asio, several threads, a strand of its own",
                    .make = [] { return std::make_unique<several_runners>(true); },
                    .lacks = {strands_do_not_nest,
                              {conformance::ability::calls_natively,
                               "a handler of the io_context runs in any thread, beside the loop's strand"}}}),
};

}  // namespace
