// SPDX-License-Identifier: MIT
#include "program.hpp"

#include "workload.hpp"

#include <csignal>
#include <cstdio>

namespace demo {

program::program(int argc, char** argv, interloop::function<void()> finished)
    : given_(parse(argc, argv)), finished_(std::move(finished)) {
  std::signal(SIGPIPE, SIG_IGN);  // see redis::client
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

int program::report() { return measured_ ? measured_->report(interloop::config().loop->name(), given_.style) : 1; }

}  // namespace demo
