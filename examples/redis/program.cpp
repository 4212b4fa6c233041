// SPDX-License-Identifier: MIT
#include "program.hpp"

#include "workload.hpp"

#include <interloop/redis/attach.hpp>

#include <cstdio>

namespace demo {

program::program(int argc, char** argv, interloop::function<void()> finished)
    : given_(parse(argc, argv)), finished_(std::move(finished)) {
  if (given_.style == "attached") {
    attached_.emplace(argc, argv, [](void* self) { static_cast<program*>(self)->finished_(); }, this);
    redis::attach(interloop::with_config(), *attached_->context());
    attached_->start();
    return;
  }
  interloop::add_callbacks(
      work(interloop::with_config()), [this] { finished_(); },
      [this](const interloop::failure& why) {
        std::fprintf(stderr, "%s\n", interloop::failure_message(why).c_str());
        measured_.reset();
        finished_();
      });
}

interloop::future<void> program::work(interloop::api loop) {
  co_await client_.connect(given_.host, given_.port);
  measured_.emplace(given_);
  co_await (given_.style == "callbacks" ? run_callbacks : run_coroutines)(loop, client_, *measured_, given_.window);
  client_.close();
}

int program::report() {
  const std::string_view loop = interloop::config().loop->name();
  if (attached_) return attached_->report(loop, given_.style);
  return measured_ ? measured_->report(loop, given_.style) : 1;
}

}  // namespace demo
