// SPDX-License-Identifier: MIT
#include "lookups.hpp"

#include <utility>

namespace interloop::dns {

lookups::lookups(loop& core, const resolver_options& options) : core_(core), at_once_(options.at_once) {
  channel_.emplace(
      core, options, [this] { go_on(); },
      [this](const failure& why) {
        problem_ = &why;
        end_all(channel_->native());
        problem_ = nullptr;
      });
}

lookups::~lookups() {
  fail_line(ARES_EDESTRUCTION);
  channel_.reset();  // c-ares gives back what it has
}

void lookups::add(std::unique_ptr<lookup> made) {
  line_.push_back(std::move(made));
  ++wanted_;
  if (asked_ < at_once_) channel_->call([this](ares_channel native) { ask(native); });
}

void lookups::drop(lookup& unwanted) noexcept {
  unwanted.dropped = true;
  --wanted_;
  channel_->call([](ares_channel) {});  // then `go_on`, in a later turn
}

void lookups::answered(const lookup& back) noexcept {
  --asked_;
  if (!back.dropped) --wanted_;
}

void lookups::cancel() {
  channel_->call([this](ares_channel native) { end_all(native); });
}

void lookups::go_on() noexcept {
  if (wanted_ == 0) end_all(channel_->native());
  ask(channel_->native());
}

void lookups::ask(ares_channel native) noexcept {
  while (asked_ < at_once_ && !line_.empty()) {
    std::unique_ptr<lookup> next = std::move(line_.front());
    line_.pop_front();
    if (next->dropped) continue;
    ++asked_;
    lookup& asked = *next;
    asked.ask(native, std::move(next));
  }
}

void lookups::fail_line(int code) noexcept {
  for (; !line_.empty(); line_.pop_front()) {
    lookup& each = *line_.front();
    if (each.dropped) continue;
    --wanted_;
    each.fail(code);
  }
}

void lookups::end_all(ares_channel native) noexcept {
  fail_line(ARES_ECANCELLED);
  ares_cancel(native);
}

}  // namespace interloop::dns
