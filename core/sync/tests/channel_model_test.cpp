// SPDX-License-Identifier: MIT
// A channel compared with lists of items, senders and receivers, under random operations: nothing is lost, nothing
// comes twice, and everyone is served in the order they came.
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>

#include "support/counted.hpp"
#include "support/random_steps.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace interloop::test {
namespace {

using item = std::unique_ptr<int>;

constexpr int pending = -1;
constexpr int cancelled = -2;
constexpr int closed = -3;
constexpr int at_end = -4;
constexpr int was_sent = 0;

/// One coroutine that sends or receives, and how that ended: the number that was received, or one of the above.
struct operation {
  future<void> done;
  int outcome = pending;
  int expected = pending;
  item mine;  // what it sends, until it is sent
  bool sends = false;
};

future<void> send(api, channel<item>& to, operation& self, counted) {
  try {
    co_await to.send(std::move(self.mine));
    self.outcome = was_sent;
  } catch (const channel_closed&) {
    self.outcome = closed;
  } catch (const cancelled_error&) {
    self.outcome = cancelled;
  }
}

future<void> receive(api, channel<item>& from, operation& self, counted) {
  try {
    auto got = co_await from.next();
    self.outcome = got ? **got : at_end;
  } catch (const cancelled_error&) {
    self.outcome = cancelled;
  }
}

class model {
 public:
  explicit model(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::size_t available() const { return items.size() - served_.size(); }
  [[nodiscard]] bool has_room() const { return available() < capacity_ ? senders_.empty() : !receivers_.empty(); }

  void put(int number) {
    items.push_back(number);
    if (!receivers_.empty()) {
      served_.push_back(receivers_.front());
      receivers_.pop_front();
    }
  }
  void send(operation& who, int number) {
    if (is_closed) {
      who.expected = closed;
    } else if (has_room()) {
      put(number);
      who.expected = was_sent;
    } else {
      senders_.emplace_back(&who, number);
    }
  }
  /// Takes an item for one who does not wait.
  std::optional<int> take() {
    if (!receivers_.empty() || (available() == 0 && senders_.empty())) return std::nullopt;
    if (available() == 0) accept();
    return take_first();
  }
  void receive(operation& who) {
    if (const auto number = take()) {
      who.expected = *number;
    } else if (is_closed && items.empty()) {
      who.expected = at_end;
    } else {
      receivers_.push_back(&who);
    }
  }
  void cancel(operation& who) {
    const auto sends = std::find_if(senders_.begin(), senders_.end(), [&](auto& each) { return each.first == &who; });
    if (sends != senders_.end()) {
      who.expected = cancelled;
      senders_.erase(sends);
    } else if (std::erase(receivers_, &who) > 0 || std::erase(ended_, &who) > 0) {
      who.expected = cancelled;
    } else if (std::erase(served_, &who) > 0) {
      who.expected = cancelled;
      if (!receivers_.empty()) {
        served_.push_back(receivers_.front());
        receivers_.pop_front();
      }
    }
  }
  void close() {
    is_closed = true;
    for (auto& each : senders_) end(*each.first, closed);
    senders_.clear();
    if (items.empty()) end_receivers();
  }
  void run() {
    while (!served_.empty()) {
      operation& first = *served_.front();
      served_.pop_front();
      first.expected = take_first();
    }
    ended_.clear();
  }

  std::deque<int> items;
  bool is_closed = false;

 private:
  void accept() {
    items.push_back(senders_.front().second);
    senders_.front().first->expected = was_sent;
    senders_.pop_front();
  }
  int take_first() {
    const int number = items.front();
    items.pop_front();
    if (!senders_.empty() && available() < capacity_) accept();
    if (is_closed && items.empty()) end_receivers();
    return number;
  }
  void end_receivers() {
    for (operation* each : receivers_) end(*each, at_end);
    receivers_.clear();
  }
  void end(operation& who, int outcome) {
    who.expected = outcome;
    ended_.push_back(&who);
  }

  std::size_t capacity_;
  std::deque<std::pair<operation*, int>> senders_;
  std::deque<operation*> receivers_;
  std::vector<operation*> ended_;  // by closing, until they run
  std::deque<operation*> served_;  // an item is reserved for each, and they run in this order
};

std::string one_run(steps& random, int count) {
  testing::manual_loop manual;
  const api io(*manual);
  const std::size_t capacity = random.choose(5) == 0 ? unbounded : static_cast<std::size_t>(random.choose(4));
  channel<item> real(*manual, capacity);
  model expected(capacity);
  std::vector<std::unique_ptr<operation>> all;
  int numbers = 0;

  for (int i = 0; i < count; ++i) {
    const int what = random.choose(100);
    if (what < 25) {
      all.push_back(std::make_unique<operation>());
      all.back()->mine = std::make_unique<int>(++numbers);
      all.back()->sends = true;
      random.note(std::to_string(all.size() - 1) + " sends " + std::to_string(numbers));
      expected.send(*all.back(), numbers);
      all.back()->done = send(io, real, *all.back(), {});
    } else if (what < 50) {
      all.push_back(std::make_unique<operation>());
      random.note(std::to_string(all.size() - 1) + " receives");
      expected.receive(*all.back());
      all.back()->done = receive(io, real, *all.back(), {});
    } else if (what < 58) {
      auto mine = std::make_unique<int>(++numbers);
      random.note("try to send " + std::to_string(numbers));
      if (expected.is_closed) continue;
      const bool has_room = expected.has_room();
      if (has_room) expected.put(numbers);
      if (real.try_send(std::move(mine)) != has_room) return "whether there is room";
      if ((mine == nullptr) != has_room) return "whether the item was taken";
    } else if (what < 66) {
      random.note("try to receive");
      const auto number = expected.take();
      const auto got = real.try_next();
      if (got.has_value() != number.has_value() || (got && **got != *number)) return "what was received at once";
    } else if (what < 80 && !all.empty()) {
      const auto which = static_cast<std::size_t>(random.choose(static_cast<int>(all.size())));
      random.note("cancel " + std::to_string(which));
      cancel(all[which]->done);
      expected.cancel(*all[which]);
    } else if (what < 82) {
      random.note("close");
      real.close();
      expected.close();
    } else {
      random.note("run");
      manual.run_ready();
      expected.run();
      std::vector<int> outcomes;
      std::vector<int> model;
      for (const auto& each : all) {
        outcomes.push_back(each->outcome);
        model.push_back(each->expected);
        if (each->sends && (each->mine != nullptr) != (each->outcome != was_sent))
          return "a sender's item is misplaced";
      }
      if (auto differs = difference("outcomes", outcomes, model); !differs.empty()) return differs;
    }
    if (real.size() != expected.available()) return "size: " + std::to_string(real.size());
  }
  return {};
}

TEST(channel_model_test, random_channels_agree_with_lists) {
  try_seeds(
      [](steps& random, int count) -> std::string {
        if (std::string differs = one_run(random, count); !differs.empty()) return differs;
        return counted::alive() == 0 ? "" : std::to_string(counted::alive()) + " frames were not destroyed";
      },
      60);
}

}  // namespace
}  // namespace interloop::test
