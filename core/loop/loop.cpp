// SPDX-License-Identifier: MIT
#include <interloop/loop.hpp>

#include <interloop/call_graph.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/loop_looks.hpp>
#include <interloop/detail/onlooker.hpp>
#include <interloop/detail/report.hpp>
#include <interloop/loop_port.hpp>

#include "port_call.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace interloop {

namespace detail {
constinit thread_local loop* running_loop = nullptr;
}  // namespace detail

namespace {

// A chain of single callbacks then costs one native wake-up per that many, and other handlers wait no longer than that.
constexpr int generations_per_turn = 16;

// How many times a turn checks for new posts while it runs what other threads posted: at most about 0.1 ms.
constexpr int expects_per_turn = 64;

// The farthest a native timer is set; native limits (epoll's int of milliseconds, among others) are farther.
constexpr duration farthest_alarm = std::chrono::hours(24 * 7);

}  // namespace

// Members that no inline function of the loop needs, so that users' files need not know them.
struct loop::parts {
  struct closing;

  explicit parts(riding on);
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;
  ~parts() = default;

  std::shared_ptr<void> native;  // what the port rides on, if the owner made it
  std::unique_ptr<loop_port> port;
  detail::state_ptr<detail::inbox> inbox;
  std::vector<watched_fd*> watches;            // by descriptor
  std::shared_ptr<exception_handler> handler;  // shared with its call, which may replace it; null: default
  std::shared_ptr<closing> ends;               // made beforehand; owned by the port from close() until its release
  std::weak_ptr<closing> releasing;
  detail::task_queue last;  // see destroyed_last_
  std::uint64_t turns = 0;
  bool ran_filled = false;  // the inbox was not empty when `run` ended, and the loop has been woken for that
  function<void(const wait_graph&)> abandoned;  // see report_abandoned
  detail::loop_counts counts;
  std::unique_ptr<detail::onlooker> onlooker;  // stays when nothing is measured any more, because it may be in use
  int generations = generations_per_turn;      // fewer only in tests
  bool accused = false;                        // `called_after_close` has said so
};

// The functions to call when the native loop has released everything. Not kept in the loop once it is closed, because
// they may hold the loop.
struct loop::parts::closing {
  function<void()> first;
  std::vector<function<void()>> later;

  void run() {
    if (first) first();
    for (std::size_t i = 0; i < later.size(); ++i) later[i]();
  }
};

// Marks this thread as running the loop's turn, and keeps the loop's memory until the turn is over.
class loop::turn_scope {
 public:
  explicit turn_scope(loop& core) noexcept : core_(core), outer_(detail::running_loop), thread_(core.inbox_->thread()) {
    core.retain();
    ++core.depth_;
    core.quiet_ = false;
    core.settled_ = false;
    detail::running_loop = &core;
    ++core.parts_->turns;
    if (core.onlooker_) [[unlikely]]
      (told_ = core.onlooker_)->turn_begins();
  }
  turn_scope(const turn_scope&) = delete;
  turn_scope& operator=(const turn_scope&) = delete;
  ~turn_scope() {
    if (told_) [[unlikely]]
      told_->turn_ends();
    core_.settle();
    detail::running_loop = outer_;
    --core_.depth_;
  }

 private:
  // Keeps the loop's memory until everything else here is destroyed.
  struct keeper {
    loop* core;
    ~keeper() { core->release(); }
  };

  loop& core_;
  loop* outer_;
  detail::onlooker* told_ = nullptr;
  keeper keep_{&core_};
  detail::thread_of_loop::turn_scope thread_;
};

loop::parts::parts(riding on)
    : native(std::move(on.native)),
      port(std::move(on.port)),
      inbox(detail::state_ptr<detail::inbox>::adopt{}, new detail::inbox(*port)),
      ends(std::make_shared<closing>()) {}

loop::loop(riding on)
    : timers_(on.port->now().time_since_epoch().count()),
      closing_failure_(std::make_exception_ptr(loop_closed("the loop was closed before this future was completed"))),
      name_(on.port->name()),
      parts_(new parts(std::move(on))),
      port_(parts_->port.get()),
      inbox_(parts_->inbox.get()) {
  port_->core_ = this;
  port_->attached();
}

loop::~loop() = default;

void loop::destroy() noexcept { delete this; }

void loop::notice() {
  if (closed_)
    detail::throw_loop_closed("the loop is closed: nothing can be queued on it; select another with use_<loop>()");
  notice_quietly();
}

void loop::notice_quietly() noexcept {
  if (closed_) return;
  quiet_ = true;
  settled_ = false;
  if (detail::running_loop == this) {
    detail::port_call(*port_, "busy")->busy();
    return;
  }
  // Another thread may be about to wake the loop but not have done so yet: the native loop must not end before that.
  if (!kept_alive_) detail::port_call(*port_, "keep_alive")->keep_alive(kept_alive_ = true);
  wake_port();
}

void loop::wake_port() noexcept {
  ++parts_->counts.wakes;
  detail::port_call(*port_, "wake")->wake();
}

void loop::not_enqueued(detail::pending& completed) noexcept {
  if (closed_) {
    completed.ops->abandon(completed);
  } else {
    completed.link_into(undispatched_);
  }
}

void loop::turn() noexcept {
  detail::port_call::require_none(*port_, "turn() or alarm()");
  if (closed_) return called_after_close();
  turn_scope scope(*this);
  while (undispatched_ && !closed_) {
    detail::pending* completed = undispatched_;
    completed->unlink();
    completed->ops->dispatch(*completed);
  }
  if (incoming_.empty()) inbox_->take(incoming_);
  if (!incoming_.empty() && depth_ == 1) expects_ = expects_per_turn;
  // If the first callable runs the loop nested, the others would have to wait, and the alarm that fired would stay
  // unarmed.
  const int waiting = (ready_.empty() ? 0 : 1) + (incoming_.empty() ? 0 : 1) + (timers_.empty() ? 0 : 1);
  if (!quiet_ && (waiting > 1 || ready_.several() || incoming_.several())) notice_quietly();
  int budget = parts_->generations;
  if (!ready_.empty()) run_generation(ready_);
  if (!incoming_.empty()) run_generation(incoming_);
  if (!timers_.empty()) {
    run_generations(budget);
    run_due_timers();
  }
  run_generations(budget);
  if (expects_ > 0 && depth_ == 1) run_expected(budget);
}

void loop::run_expected(int& budget) noexcept {
  while (expects_ > 0 && !closed_ && !has_ready() && inbox_->linger(incoming_)) {
    --expects_;
    run_generation(incoming_);
    run_generations(budget);
  }
  expects_ = 0;
  if (!closed_ && inbox_->stop_expecting()) wake_port();
}

// A native object that `close` has left active. The port may be destroyed soon, and such a call then reads freed memory.
void loop::called_after_close() noexcept {
  if (std::exchange(parts_->accused, true)) return;
  try {
    handle_exception("a port called the core after its close()",
                     failure(std::make_exception_ptr(usage_error(
                                 "the port \"" + std::string(name_) +
                                 "\" called turn() or alarm() after its close(); there, disarm the alarm, forget the "
                                 "wake-up that is under way, and end handlers that look for either")),
                             std::source_location{}));
  } catch (...) {
    report_escaped();
  }
}

void loop::dispatch(watched_fd& state, interest ready) noexcept {
  detail::port_call::require_none(*port_, "watched_fd::ready()");
  if (closed_ || !state.active_ || state.running_ > 0) return;
  turn_scope scope(*this);
  ++state.references_;
  run_generation(ready_);  // first come first served
  if (state.active_ && (ready & state.interest_) != interest::none) {
    ++state.running_;
    ++callbacks_;
    detail::onlooker* const told = onlooker_;
    if (told) [[unlikely]]
      told->begins({detail::errand::kind::watch, reinterpret_cast<const void*>(state.on_ready_.code()), nullptr,
                    state.fd_, state.where_});
    try {
      state.on_ready_(ready & state.interest_);
    } catch (...) {
      report_escaped();
    }
    if (told) [[unlikely]]
      told->ends();
    --state.running_;
    if (!state.active_ && state.running_ == 0) state.on_ready_ = nullptr;
  }
  release_watch(&state);
  int budget = parts_->generations;
  run_generations(budget);
}

inline void loop::count(std::size_t ran) noexcept {
  callbacks_ += ran;
  if (ran > longest_generation_) longest_generation_ = ran;
}

void loop::run_generation(detail::task_queue& queue) noexcept {
  count(onlooker_ ? run_watched(queue) : queue.run_generation([this]() noexcept { report_escaped(); }));
}

std::size_t loop::run_watched(detail::task_queue& queue) noexcept {
  struct {
    detail::onlooker& told;
    detail::errand next;
    void begins(const detail::task_queue::header& record) noexcept {
      next.code = reinterpret_cast<const void*>(record.what->run);
      next.object = detail::task_queue::object_of(record);
      next.where = detail::task_queue::place_of(record);
      told.begins(next);
    }
    void ends() noexcept {
      if (told.needs_ends) told.ends();
    }
  } watch{*onlooker_,
          {&queue == &ready_ ? detail::errand::kind::queued : detail::errand::kind::posted, nullptr, nullptr, 0, {}}};
  return queue.run_generation([this]() noexcept { report_escaped(); }, watch);
}

void loop::run_generations(int& budget) noexcept {
  while (budget > 0 && !ready_.empty()) {
    --budget;
    if (onlooker_) [[unlikely]] {
      run_generation(ready_);
    } else {  // not by that function: a chain of single callables is a generation each
      count(ready_.run_generation([this]() noexcept { report_escaped(); }));
    }
  }
}

void loop::run_timer(detail::timer_node* due) {
  detail::onlooker* const told = onlooker_;
  if (!told) [[likely]]
    return timers_.run(due);
  told->begins({detail::errand::kind::timer, reinterpret_cast<const void*>(due->code), nullptr, 0,
                timers_.place_of_taken(*due)});
  struct ends {
    detail::onlooker& told;
    ~ends() { told.ends(); }
  } guard{*told};
  timers_.run(due);
}

void loop::run_due_timers() noexcept {
  if (closed_) return;
  const std::uint64_t limit = timers_.limit();
  const std::int64_t now = port_->now().time_since_epoch().count();
  for (;;) {
    try {
      detail::timer_node* due = timers_.take_due(now, limit);
      if (!due) return;
      if (!quiet_ && !timers_.empty()) notice_quietly();  // a nested run must arm the alarm for them
      parts_->counts.fired(now - due->deadline);
      run_timer(due);
      if (closed_) return;
    } catch (const std::bad_alloc&) {
      report_escaped();
      return;
    } catch (...) {
      report_escaped();
    }
  }
}

void loop::forked() noexcept {
  forks_ = copy_->forks.load(std::memory_order_relaxed);
  detail::port_call(*port_, "forked")->forked();
}

void loop::settle() noexcept {
  if (closed_) {
    if (depth_ == 1) clear_last();
    return;
  }
  notice_fork();
  overdue_ = false;
  time_point next{};
  if (timers_.empty()) {
    alarmless_ = false;
    if (armed_) {
      detail::port_call(*port_, "clear_alarm")->clear_alarm();
      armed_ = false;
    }
  } else {
    next = time_point(duration(timers_.next_look()));
    overdue_ = timers_.due_by_last_look(next.time_since_epoch().count());
  }
  if (!timers_.empty() && !overdue_ && (!armed_ || next < armed_for_)) {
    // Timers that became due during the turn do not need the native timer: another turn runs them.
    if (const time_point present = now(); next <= present) {
      overdue_ = true;
    } else {
      set_alarm(next, present);
      if (closed_) return;  // the exception handler closed it
    }
  }
  const bool more = has_queued() || undispatched_;
  const bool alive = more || !timers_.empty() || watch_count_ > 0 || holds_ > 0;
  if (alive != kept_alive_) detail::port_call(*port_, "keep_alive")->keep_alive(kept_alive_ = alive);
  quiet_ = more;
  settled_ = true;
  if (more) wake_port();
}

void loop::clear_last() noexcept {
  if (!destroyed_last_) return;
  parts_->last.clear();
  destroyed_last_ = nullptr;
}

void loop::set_alarm(time_point next, time_point present) noexcept {
  try {
    const time_point farthest = (time_point::max)() - present > farthest_alarm ? present + farthest_alarm : next;
    armed_for_ = std::min(next, farthest);
    detail::port_call(*port_, "set_alarm")->set_alarm(armed_for_);
    armed_ = true;
    alarmless_ = false;
  } catch (...) {
    // Perhaps no descriptor was left for it. Turns check for due timers instead, with pauses, until it can be set
    // again.
    armed_ = false;
    if (std::exchange(alarmless_, true)) {
      std::this_thread::sleep_for(std::min<duration>(next - present, std::chrono::milliseconds(10)));
    } else {
      handle_exception("the native loop's timer could not be set; retrying every 10 ms",
                       failure(std::current_exception(), std::source_location{}));
    }
    if (!closed_) wake_port();
  }
}

time_point loop::after(duration delay) const noexcept {
  const time_point present = now();
  if (delay <= duration::zero()) return present;
  if (delay > (time_point::max)() - present) return (time_point::max)();
  return present + delay;
}

void loop::require_watchable(int fd, const watched_fd* by) const {
  const auto quoted = [fd] { return "watch: descriptor " + std::to_string(fd); };
  struct stat about{};
  if (fd < 0 || ::fstat(fd, &about) != 0)
    throw usage_error(quoted() + " is not open; pass an open socket, pipe, terminal or eventfd");
  if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
    throw usage_error(quoted() +
                      " is a regular file or directory, which is always ready; read it directly, or in a thread");
  const auto index = static_cast<std::size_t>(fd);
  const watched_fd* const other = index < parts_->watches.size() ? parts_->watches[index] : nullptr;
  if (other && other != by && about.st_dev == other->device_ && about.st_ino == other->inode_)
    throw usage_error(
        quoted() +
        " is already watched on this loop; use that watch's set_interest() for the other direction, or its "
        "rebind() to begin anew. Assigning the new watch to the old one's handle ends the old one too late: "
        "stop() it first");
}

// Makes the native watch. If there is a watch of the same number already, its file has been closed.
void loop::attach(watched_fd& state) {
  const auto index = static_cast<std::size_t>(state.fd_);
  if (index >= parts_->watches.size()) parts_->watches.resize(index + 1);
  if (parts_->watches[index]) {
    supersede(*parts_->watches[index]);
    require_open("watch");
    if (!state.active_) return;  // destroying the other's callable ended this one
  }
  notice_fork();

  struct stat about{};
  const int flags = ::fcntl(state.fd_, F_GETFL);
  state.native_ = detail::port_call(*port_, "watch")->watch(state.fd_, state.interest_, state);
  if (flags >= 0 && ::fcntl(state.fd_, F_GETFL) != flags) ::fcntl(state.fd_, F_SETFL, flags);
  if (::fstat(state.fd_, &about) == 0) {
    state.device_ = about.st_dev;
    state.inode_ = about.st_ino;
  }
  parts_->watches[index] = &state;
}

void loop::detach(watched_fd& state) noexcept {
  if (const auto index = static_cast<std::size_t>(state.fd_);
      index < parts_->watches.size() && parts_->watches[index] == &state)
    parts_->watches[index] = nullptr;
  notice_fork();
  if (state.native_ && state.is_lost()) state.native_->lost();
  state.native_.reset();
}

fd_watch loop::watch(int fd, interest wanted, function<void(interest)> on_ready, std::source_location where) {
  require_open("watch");
  if (!on_ready)
    throw usage_error("watch: descriptor " + std::to_string(fd) +
                      ": the callback is empty; pass a function to call when it is ready");
  require_watchable(fd, nullptr);
  std::unique_ptr<watched_fd> state(new watched_fd(*this, fd, wanted, std::move(on_ready), where));
  attach(*state);
  if (!quiet_) notice_quietly();
  retain();
  ++watch_count_;
  return fd_watch(state.release());
}

// The file that was watched has been closed, and the watch's owner, who names a new interest, goes on with its number: so
// does the watch, if there is a file to be watched.
void loop::follow(watched_fd& state, interest wanted) {
  try {
    require_watchable(state.fd_, &state);
  } catch (const usage_error&) {
    return retire(state);
  }
  move_watch(state, state.fd_, wanted);
}

void loop::move_watch(watched_fd& state, int fd, interest wanted) {
  struct keeper {
    watched_fd& state;
    ~keeper() { state.core_->release_watch(&state); }
  } keep{state};
  ++state.references_;
  detach(state);
  state.fd_ = fd;
  state.interest_ = wanted;
  try {
    attach(state);
  } catch (...) {
    stop_watch(state);
    throw;
  }
}

void loop::retire(watched_fd& state) noexcept {
  if (!state.active_) return;
  const int fd = state.fd_;
  retain();  // the callable's destructor may destroy what owns the loop
  stop_watch(state);
  report_closed(fd);
  release();
}

// Another watch takes the number. The owner of this one may be about to end it: `handle = core.watch(number, ...)` does
// so after the new watch was made. So the report comes when the running callback has returned, and only if it has not.
void loop::supersede(watched_fd& state) noexcept {
  struct late_report {
    explicit late_report(watched_fd& of) noexcept : state(&of) { ++of.references_; }
    late_report(late_report&& other) noexcept : state(std::exchange(other.state, nullptr)) {}
    late_report& operator=(late_report&&) = delete;
    ~late_report() {
      if (state) state->core_->release_watch(state);
    }
    void operator()() const {
      if (!state->given_up_) state->core_->report_closed(state->fd_);
    }
    watched_fd* state;
  };
  late_report report(state);
  stop_watch(state);
  if (closed_) return;
  try {
    call_soon(std::move(report));
  } catch (...) {
    report_closed(state.fd_);
  }
}

void loop::report_closed(int fd) noexcept {
  try {
    const std::string what = "descriptor " + std::to_string(fd) +
                             " was closed while it was watched; the watch has ended. " +
                             "Stop a watch in the callback that closes its descriptor, or rebind() it there";
    handle_exception("a watched descriptor was closed", failure(std::make_exception_ptr(usage_error(what))));
  } catch (...) {
    report_escaped();
  }
}

void loop::stop_watch(watched_fd& state) noexcept {
  if (!std::exchange(state.active_, false)) return;
  --watch_count_;
  detach(state);
  if (!quiet_) notice_quietly();
  if (state.running_ == 0) {
    const auto last = std::move(state.on_ready_);  // its destructor may drop the handle, and `state` with it
  }
}

void loop::release_watch(watched_fd* state) noexcept {
  if (--state->references_ > 0) return;
  delete state;
  release();
}

watched_fd::watched_fd(loop& core, int fd, interest wanted, function<void(interest)> on_ready,
                       std::source_location where)
    : core_(&core), fd_(fd), interest_(wanted), on_ready_(std::move(on_ready)), where_(where) {}
void watched_fd::ready(interest directions) noexcept { core_->dispatch(*this, directions); }

bool watched_fd::is_lost() const noexcept {
  struct stat about{};
  return ::fstat(fd_, &about) != 0 || about.st_dev != device_ || about.st_ino != inode_;
}

void watched_fd::lost() noexcept { core_->retire(*this); }

void fd_watch::set_interest(interest wanted) {
  if (!active()) return;
  loop& core = *state_->core_;
  core.check_thread("fd_watch::set_interest");
  if (state_->is_lost()) return core.follow(*state_, wanted);
  if (state_->interest_ == wanted) return;
  core.notice_fork();
  {
    const detail::port_call inside(*core.port_, "port_watch::set_interest");
    state_->native_->set_interest(wanted);
  }
  state_->interest_ = wanted;
}

void fd_watch::rebind(int fd, interest wanted) {
  if (!active()) {
    if (state_ && state_->core_->closed_) return;
    throw usage_error(
        "rebind: this watch has ended, or its handle never had one, so there is no callback to keep; make "
        "a new one by loop::watch()");
  }
  loop& core = *state_->core_;
  core.check_thread("fd_watch::rebind");
  core.require_watchable(fd, state_);
  core.move_watch(*state_, fd, wanted);
}

void fd_watch::stop() noexcept {
  if (!state_) return;
  state_->given_up_ = true;
  state_->core_->stop_watch(*state_);
}

bool fd_watch::active() const noexcept { return state_ && state_->active_; }

void fd_watch::release() noexcept {
  watched_fd* state = std::exchange(state_, nullptr);
  if (!state) return;
  loop& core = *state->core_;
  state->given_up_ = true;
  core.stop_watch(*state);
  core.release_watch(state);
}

detail::loop_access::contents detail::loop_access::contents_of(const loop& core) noexcept {
  contents found{0, core.watch_count_, core.holds_, core.timers_.size()};
  for (const pending* each = core.pending_; each; each = each->next)
    if (each->ops->of_future()) ++found.futures;
  return found;
}
namespace {
constexpr detail::look bookmark_look{"bookmark", detail::look::kind::line};  // not shown
}  // namespace
const detail::pending::operations detail::bookmark::table{
    nullptr, nullptr, [](pending& each) noexcept { each.unlink(); }, nullptr, nullptr, nullptr, &bookmark_look};

detail::loop_counts detail::loop_looks::counts(const loop& core) noexcept {
  loop_counts all = core.parts_->counts;
  all.callbacks = core.callbacks_;
  all.longest_generation = core.longest_generation_;
  return all;
}
detail::onlooker* detail::loop_looks::kept(const loop& core) noexcept { return core.parts_->onlooker.get(); }
void detail::loop_looks::keep(loop& core, std::unique_ptr<onlooker> made) noexcept {
  core.parts_->onlooker = std::move(made);
}

void detail::loop_access::run_one_generation_a_turn(loop& core) noexcept { core.parts_->generations = 0; }

bool loop::runs_elsewhere() const noexcept { return inbox_->thread().runs_elsewhere(); }
bool loop::in_loop_thread() const noexcept { return inbox_->thread().may_touch(); }

time_point loop::now() const noexcept { return port_->now(); }

std::uint64_t loop::turns() const noexcept { return parts_->turns; }

bool loop_remote::is_here() const {
  inbox_->require_same_copy();
  return (detail::running_loop && detail::running_loop->inbox_ == inbox_.get()) || inbox_->thread().waits_for_itself();
}
bool loop_remote::inherited() const noexcept { return inbox_->inherited(); }

void loop_port::turn() noexcept { core_->turn(); }
void loop_port::alarm() noexcept { core_->alarm(); }
void loop_port::close_core() noexcept { core_->close(); }
bool loop_port::needs_turn() const noexcept { return !core_->closed_ && (!core_->settled_ || core_->has_ready()); }
void loop_port::notice_fork() noexcept { core_->notice_fork(); }
loop_port& loop_port::port_of(const loop& core) noexcept { return *core.port_; }
loop_port::kept::kept(const loop_port& port) noexcept : core_(*port.core_) { core_.retain(); }
loop_port::kept::~kept() { core_.release(); }
bool loop_port::ran_here() const noexcept { return core_->inbox_->thread().ran_here(); }

loop_hold loop::hold(std::source_location where) {
  require_open("hold");
  return {*this, where};
}

loop_hold::loop_hold(loop& core, std::source_location where) noexcept
    : core_(&core), next_(core.first_hold_), link_(&core.first_hold_), where_(where) {
  if (next_) next_->link_ = &next_;
  core.first_hold_ = this;
  core.retain();
  ++core.holds_;
  if (!core.quiet_) core.notice_quietly();
}

void loop_hold::release() noexcept {
  loop* core = std::exchange(core_, nullptr);
  if (!core) return;
  *link_ = next_;
  if (next_) next_->link_ = link_;
  --core->holds_;
  if (!core->quiet_) core->notice_quietly();
  core->release();
}

void loop::report_escaped() noexcept {
  try {
    handle_exception("an exception escaped a callback",
                     failure(std::current_exception(), std::source_location{}));  // thrown elsewhere
  } catch (...) {
    detail::say("interloop: an exception escaped a callback (no memory to describe it)\n");
  }
}

void loop::set_exception_handler(exception_handler handler) {
  parts_->handler = handler ? std::make_shared<exception_handler>(std::move(handler)) : nullptr;
}

void loop::handle_exception(std::string_view context, const failure& fail) noexcept {
  try {
    if (const std::shared_ptr<exception_handler> handler = parts_->handler) {
      (*handler)(context, fail);
    } else {
      detail::report(context, fail);
    }
  } catch (...) {
    detail::say("interloop: the exception handler itself threw\n");
  }
}

void loop::close(notify_t, function<void()> released) noexcept {
  if (!closed_) notifies_ = true;
  close(std::move(released));
}

void loop::close(function<void()> released) noexcept {
  if (closed_) return;
  if (parts_->abandoned) tell_abandoned();
  if (std::exchange(closed_, true)) return;
  retain();
  notice_fork();
  if (parts_->onlooker) parts_->onlooker->loop_closes();
  parts_->releasing = parts_->ends;
  parts_->ends->first = std::move(released);
  quiet_ = false;  // so that everything tried from here on checks and finds the loop closed
  destroyed_last_ = &parts_->last;
  detail::task_queue posted;
  inbox_->thread().closes();
  inbox_->close(posted);
  for (std::size_t fd = 0; fd < parts_->watches.size(); ++fd)
    if (watched_fd* state = parts_->watches[fd]) stop_watch(*state);
  while (pending_) pending_->ops->abandon(*pending_);
  while (undispatched_) {
    detail::pending* completed = undispatched_;
    completed->unlink();
    completed->ops->abandon(*completed);
  }
  timers_.clear();
  ready_.clear();
  incoming_.clear();
  posted.clear();
  while (pending_) pending_->ops->abandon(*pending_);  // a destructor may have dropped more
  if (depth_ == 0) clear_last();
  if (running_) port_->stop();
  port_->close([ends = std::move(parts_->ends)] { ends->run(); });
  inbox_->thread().closed();
  if (!running_) parts_->native.reset();
  release();
}

void loop::tell_abandoned() noexcept {
  try {
    function<void(const wait_graph&)> report = std::exchange(parts_->abandoned, {});
    if (const wait_graph graph = call_graph(*this); !graph.nodes.empty()) report(graph);
  } catch (...) {
    report_escaped();
  }
}

void loop::when_released(function<void()> then) {
  if (const std::shared_ptr<parts::closing> pending = parts_->releasing.lock()) {
    pending->later.push_back(std::move(then));
  } else {
    then();
  }
}

void loop::run() {
  require_same_copy();
  require_open("run");
  if (running_ || depth_ > 0) throw usage_error("run: the loop is already running; stop() it first, or use co_await");
  if (std::exchange(stop_requested_, false)) return;
  struct scope {
    loop& core;
    ~scope() {
      core.running_ = false;
      core.stop_requested_ = false;
      if (core.closed_) core.parts_->native.reset();
      core.release();
    }
  } guard{*this};
  retain();
  notice_fork();
  running_ = true;
  const detail::thread_of_loop::run_scope here(inbox_->thread());
  // What this thread posted since the last run woke the native loop as another thread does: that does not keep it alive.
  if (inbox_->filled() && !parts_->ran_filled) wake_port();
  port_->run();
  if (!closed_) parts_->ran_filled = inbox_->filled();
}

void loop::stop() noexcept {
  stop_requested_ = true;
  if (running_ && !closed_) detail::port_call(*port_, "stop")->stop();
}

loop_owner::loop_owner(riding on) : core_(new loop(std::move(on))) {}

loop_owner::~loop_owner() {
  if (!core_) return;
  core_->close();
  core_->release();
}

void report_abandoned(loop& core, function<void(const wait_graph&)> report) {
  core.require_open("report_abandoned");
  core.parts_->abandoned = std::move(report);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constinit const detail::parts_layout loop::about_parts{__builtin_offsetof(parts, turns),
                                                       __builtin_offsetof(parts, watches)};
#pragma GCC diagnostic pop

namespace {
// So that a program with the static library has the table too.
[[maybe_unused, gnu::used]] const detail::debug_layout* const table_for_readers = &interloop_debug_layout_v1;
}  // namespace

}  // namespace interloop
