// SPDX-License-Identifier: MIT
#include "workload.hpp"

#include <memory>
#include <vector>

namespace demo {
namespace {

/// One command in flight at a time: SET an item, GET it, compare, continue with the next.
class lane {
 public:
  lane(redis::client& client, measurement& measured, interloop::function<void()> finished)
      : client_(client), measured_(measured), finished_(std::move(finished)) {}

  void next() {
    if (!measured_.next(item_)) return finished_();
    sent_ = measurement::clock::now();
    interloop::add_callbacks(
        client_.command("SET", item_.key(), item_.value()),
        [this](const redis::reply& got) {
          measured_.done(sent_, got.text() == "OK");
          read_back();
        },
        [this](const interloop::failure& why) { give_up(why); });
  }

 private:
  void read_back() {
    sent_ = measurement::clock::now();
    interloop::add_callbacks(
        client_.command("GET", item_.key()),
        [this](const redis::reply& got) {
          measured_.done(sent_, got.type() == redis::reply::kind::string && got.text() == item_.value());
          next();
        },
        [this](const interloop::failure& why) { give_up(why); });
  }

  void give_up(const interloop::failure& why) {
    measured_.failed(interloop::failure_message(why));
    next();
  }

  redis::client& client_;
  measurement& measured_;
  interloop::function<void()> finished_;
  item item_;
  measurement::clock::time_point sent_;
};

struct run {
  std::vector<std::unique_ptr<lane>> lanes;
  std::uint64_t running = 0;
};

}  // namespace

interloop::future<void> run_callbacks(interloop::api loop, redis::client& client, measurement& measured,
                                      std::uint64_t window) {
  auto finished = loop.create_future<void>();
  auto all = std::make_shared<run>();
  all->running = window;
  for (std::uint64_t i = 0; i < window; ++i)
    all->lanes.push_back(std::make_unique<lane>(client, measured, [all = all.get(), finished] {
      if (--all->running == 0) interloop::resolve(finished);
    }));
  for (const auto& each : all->lanes) each->next();
  interloop::add_callbacks(finished, [all] {});  // which keeps the lanes until then
  return finished;
}

}  // namespace demo
