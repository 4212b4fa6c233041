// SPDX-License-Identifier: MIT
#include "lookups.hpp"

#include <utility>

namespace interloop::dns {

lookups::lookups(loop& core, const resolver_options& options) : core_(core), at_once_(options.at_once) {
  channel_.emplace(core, options, [this] { go_on(); });
}

lookups::~lookups() {
  fail_line(ARES_EDESTRUCTION);
  channel_.reset();  // c-ares gives back what it has
}

void lookups::add(std::unique_ptr<lookup> made) {
  channel_->touch();
  line_.push_back(std::move(made));
  ++wanted_;
  ask();
}

void lookups::drop(lookup& unwanted) noexcept {
  unwanted.dropped = true;
  --wanted_;
  try {
    channel_->touch();
  } catch (...) {  // no memory: it is only noticed later that no lookup is wanted
  }
}

void lookups::answered(const lookup& back) noexcept {
  --asked_;
  if (!back.dropped) --wanted_;
}

void lookups::cancel() {
  end_all();
  channel_->touch();
}

void lookups::end_all() noexcept {
  fail_line(ARES_ECANCELLED);
  ares_cancel(channel_->native());
}

void lookups::fail_line(int code) noexcept {
  for (const auto& each : std::exchange(line_, {})) {
    if (each->dropped) continue;
    --wanted_;
    each->fail(code);
  }
}

void lookups::ask() noexcept {
  while (asked_ < at_once_ && !line_.empty()) {
    std::unique_ptr<lookup> next = std::move(line_.front());
    line_.pop_front();
    if (next->dropped) continue;
    ++asked_;
    lookup& asked = *next;
    asked.ask(channel_->native(), std::move(next));
  }
}

void lookups::go_on() noexcept {
  problem_ = channel_->take_problem();
  if (problem_ || wanted_ == 0) end_all();
  problem_ = nullptr;
  ask();
}

}  // namespace interloop::dns
