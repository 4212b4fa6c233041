// SPDX-License-Identifier: MIT
// The task queue compared with a std::deque of names.
#include <interloop/detail/task_queue.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <array>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::test {
namespace {

class both_queues {
 public:
  explicit both_queues(steps& random) : random_(random) {}

  void push() {
    const int name = next_name_++;
    // The callable's actions are chosen now, so that both queues do the same.
    const int then = random_.choose(20);
    random_.note("push " + std::to_string(name) + (then < 5 ? ", which does " + std::to_string(then) : ""));
    model_.push_back({name, then});
    const auto call = [this, name, then] { ran(name, then); };
    switch (random_.choose(4)) {
      case 0:
        return real_.push([call, held = counted()] { call(); });
      case 1:
        return real_.push([call, held = counted(), pad = std::array<char, 180>{}] { call(), static_cast<void>(pad); });
      case 2:
        return real_.push([call, held = counted(), pad = std::array<char, 700>{}] { call(), static_cast<void>(pad); });
      default:
        return real_.push(call);
    }
  }

  void run_front() {
    if (real_.empty()) return;
    random_.note("run");
    disturbed_ = true;
    try {
      real_.run_front();
    } catch (const std::runtime_error&) {
    }
  }

  // Runs the callables that are in the queue now, unless one of them runs or clears the queue itself.
  void run_generation() {
    const std::size_t there = model_.size();
    const std::size_t before = ran_.size();
    random_.note("run a generation");
    disturbed_ = false;
    real_.run_generation([] {});
    const std::size_t run = ran_.size() - before;
    if (!disturbed_ && run != there)
      problem_ = "a generation of " + std::to_string(there) + " ran " + std::to_string(run);
    disturbed_ = true;
  }

  void clear() {
    disturbed_ = true;
    random_.note("clear");
    real_.clear();
    model_.clear();
  }

  void swap_twice() {
    random_.note("swap there and back");
    detail::task_queue other;
    other.swap(real_);
    real_.push([] {});
    real_.clear();
    other.swap(real_);
  }

  std::string check() {
    if (!problem_.empty()) return problem_;
    if (real_.empty() != model_.empty()) return "empty() is wrong";
    if (real_.several() != (model_.size() > 1)) return "several() is wrong";
    return difference("order", ran_, expected_);
  }

 private:
  struct entry {
    int name;
    int then;
  };

  void ran(int name, int then) {
    ran_.push_back(name);
    if (model_.empty()) return ran_.push_back(-1);
    expected_.push_back(model_.front().name);
    model_.pop_front();
    if (then == 0) push();
    if (then == 1) run_front();
    if (then == 2) clear();
    if (then == 4) run_generation();
    if (then == 3) throw std::runtime_error("escapes");
  }

  steps& random_;
  detail::task_queue real_;
  std::deque<entry> model_;
  std::vector<int> ran_;
  std::vector<int> expected_;
  bool disturbed_ = false;
  std::string problem_;
  int next_name_ = 0;
};

TEST(task_queue_model_test, random_pushes_runs_and_clears_agree_with_a_deque) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        {
          both_queues queues(random);
          bool filling = true;
          for (int i = 0; i < count; ++i) {
            if (random.chance(2)) filling = !filling;
            const int what = random.choose(100);
            if (what < (filling ? 70 : 30)) {
              queues.push();
            } else if (what < 90) {
              queues.run_front();
            } else if (what < 97) {
              queues.run_generation();
            } else if (what < 99) {
              queues.swap_twice();
            } else {
              queues.clear();
            }
            if (std::string differs = queues.check(); !differs.empty()) return differs;
          }
        }
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " callables were not destroyed";
      },
      400);
}

}  // namespace
}  // namespace interloop::test
