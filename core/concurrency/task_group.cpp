// SPDX-License-Identifier: MIT
#include <interloop/task_group.hpp>

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/made_failure.hpp>
#include <interloop/detail/place_text.hpp>
#include <interloop/error.hpp>

#include <utility>

namespace interloop {

namespace detail {

namespace {

constexpr std::size_t fewest_gaps_closed = 16;

}  // namespace

void joining::cancel(const failure& why) noexcept {
  if (group_) group_->stop(why);
}

group_core::~group_core() {
  if (join_) join_->group_ = nullptr;
  join_ = {};
  drop_waiting();
  loop_access::release(loop_);
}

void group_core::ended(child& which, future_core& task, const failure* why) noexcept {
  const state_ptr<group_core> keep(state_ptr<group_core>::adopt{}, this);  // the task's reference
  entries_[which.place] = {};
  const bool counted = which.counted;
  --running_;
  if (which.spawned) --spawned_;
  if (why) task.mark_observed();
  if (!loop_.closed()) {
    if (why && !why->is<cancelled_error>()) failed(why->extended(trace_entry::kind::awaited, created_));
    close_gaps();
    start_waiting();
    end_if_idle();
  }
  task.release_for_waiter(counted);
}

void group_core::failed(const failure& why) noexcept {
  try {
    if (owned_ || join_) {
      failures_.push_back(why);
      told_ = false;
    } else {
      report(why);
    }
  } catch (...) {  // no memory
    report(why);
  }
  if (stopped_) return;
  stop(made_failure(created_, [] { return cancelled_error("another task of its task_group failed"); }));
  cancelled_ = false;
}

void group_core::report(const failure& why) noexcept {
  loop_.handle_exception("a task of a task_group failed, and nobody joined the group", why);
}

void group_core::enqueue(queued* what) noexcept {
  *last_queued_ = what;
  last_queued_ = &what->next;
  ++waiting_;
}

group_core::queued* group_core::dequeue() noexcept {
  queued* const next = first_queued_;
  if (!next) return nullptr;
  first_queued_ = next->next;
  if (!first_queued_) last_queued_ = &first_queued_;
  --waiting_;
  return next;
}

void group_core::start_waiting() noexcept {
  if (starting_) return;  // a function below runs the native loop nested
  starting_ = true;
  while (spawned_ < at_once_ && !loop_.closed()) {
    queued* const next = dequeue();
    if (!next) break;
    next->start(*this);
    delete next;
  }
  starting_ = false;
}

void group_core::drop_waiting() noexcept {
  while (queued* const next = dequeue()) delete next;
}

void group_core::stop(const failure& why) noexcept {
  if (!stopped_) {
    stopped_ = why;
    cancelled_ = true;
  }
  const state_ptr<group_core> keep(this);
  drop_waiting();
  const bool outermost = !std::exchange(cancelling_, true);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].task) entries_[i].task->cancel(why);
  if (outermost) cancelling_ = false;
}

void group_core::close_gaps() noexcept {
  if (cancelling_ || entries_.size() < fewest_gaps_closed || running_ * 2 > entries_.size()) return;
  std::size_t to = 0;
  for (const entry& each : entries_) {
    if (!each.task) continue;
    each.link->place = static_cast<std::uint32_t>(to);
    entries_[to++] = each;
  }
  entries_.resize(to);
}

future<void> group_core::join(std::source_location where) {
  if (!join_) join_ = joining::make(loop_, "task_group::join", where, *this);
  future<void> done = join_->get_future();
  end_if_idle();
  return done;
}

void group_core::end_if_idle() noexcept {
  if (running_ > 0 || first_queued_ || starting_) return;
  entries_.clear();
  if (join_) complete_join();
}

void group_core::complete_join() noexcept {
  const state_ptr<joining> done = std::exchange(join_, {});
  done->group_ = nullptr;
  if (!done->is_pending()) return;
  told_ = true;
  if (!failures_.empty()) {
    done->finish(failure_of_all(failures_, created_));
  } else if (cancelled_) {
    done->state().mark_observed();
    done->finish(*stopped_);
  } else {
    done->state().set_value();
    done->finish();
  }
}

void group_core::abandon() noexcept {
  owned_ = false;
  if (loop_.closed()) return;
  if (running_ > 0 || first_queued_) {
    const failure early = made_failure(created_, [this] {
      return usage_error("a task_group was destroyed while tasks of it were running or waiting (" +
                         std::to_string(running_ + waiting_) + ", of the group made at " + place_text(created_) +
                         "), which were cancelled; co_await join() before it is destroyed, or cancel() it and join()");
    });
    const state_ptr<group_core> keep(this);
    loop_.handle_exception("a task_group was destroyed too early", early);
    stop(made_failure(created_, [] { return cancelled_error("its task_group was destroyed"); }));
  }
  if (told_ || join_) return;
  for (const failure& each : std::exchange(failures_, {})) report(each);
}

}  // namespace detail

task_group::task_group(interloop::loop& core, std::size_t at_once, std::source_location where) {
  detail::loop_access::require_open(core, "task_group");
  if (at_once == 0)
    throw usage_error(
        "task_group: with a limit of zero, no task could ever run; pass one or more, or task_group::unlimited");
  core_ = detail::state_ptr<detail::group_core>(detail::state_ptr<detail::group_core>::adopt{},
                                                new detail::group_core(core, at_once, where));
}

namespace {
[[noreturn]] void throw_moved_from(const char* function) {
  throw usage_error(std::string(function) + ": this task_group was moved from; assign another to it first");
}
}  // namespace

interloop::loop& task_group::loop() const {
  if (!core_) throw_moved_from("task_group::loop");
  return core_->home();
}

detail::group_core& task_group::open(const char* function) const {
  if (!core_) throw_moved_from(function);
  detail::loop_access::require_open(core_->home(), function);
  return *core_;
}

void task_group::cancel(std::string message, std::source_location where) {
  detail::group_core& core = open("task_group::cancel");
  if (core.stopping()) return;
  core.stop(failure(std::make_exception_ptr(cancelled_error(message)), where));
}

}  // namespace interloop
