// SPDX-License-Identifier: MIT
#include <interloop/logging/async_sink.hpp>

#include <interloop/detail/report.hpp>
#include <interloop/error.hpp>
#include <interloop/fork_count.hpp>

#include "core/base/signals_blocked.hpp"
#include "logging/render.hpp"
#include "logging/state.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

namespace interloop {

namespace {

// Which async_sink's thread this is while it runs the other sink's code, and whether it writes an answer: a message
// that such code logged. Answers go only to the other sinks: here they would go round forever. They would also do so
// through a second async_sink whose other sink logs too, which is why an answer to an answer goes to no async_sink.
struct working {
  const void* whom;
  bool on_answer;
};
constinit thread_local working now{nullptr, false};
constinit thread_local bool reporting = false;  // this thread logs that the other sink has failed

class working_scope {
 public:
  working_scope(const void* whom, bool on_answer) noexcept { now = {whom, on_answer}; }
  working_scope(const working_scope&) = delete;
  working_scope& operator=(const working_scope&) = delete;
  ~working_scope() { now = {nullptr, false}; }
};

struct queued {
  kept_log_event event;
  bool answer;  // logged by the sink behind an async_sink
  bool report;  // that the other sink has failed
};

}  // namespace

// Shared with the thread, which may outlive the sink. No user code runs under its lock.
struct async_sink::inside {
  inside(std::shared_ptr<log_sink> other, std::size_t most) : to(std::move(other)), capacity(most) {}

  const std::shared_ptr<log_sink> to;
  const std::size_t capacity;
  std::atomic<std::uint64_t> dropped{0};
  const unsigned forks = fork_count();

  std::mutex mutex;
  std::condition_variable work;      // for the thread: there is something to do
  std::condition_variable progress;  // for threads that flush: the thread has done something
  std::deque<queued> waiting;
  std::uint64_t unsaid = 0;        // dropped and not yet reported
  std::uint64_t accepted = 0;      // messages that ever entered the queue
  std::uint64_t written = 0;       // messages that have finally left it
  std::uint64_t flush_wanted = 0;  // how often a flush was requested, and was done
  std::uint64_t flushed = 0;
  std::uint64_t failures = 0;
  bool stopping = false;
  bool stuck = false;  // nobody waits for it a second time

  /// False in a forked child, where the lock may be held by a thread that does not exist there.
  bool has_thread() const noexcept { return forks == fork_count(); }
  void run();
  template <class Call>
  bool guarded(bool on_answer, bool is_report, Call call);
  void say_dropped(std::uint64_t count);
  bool full();
  bool wait_for(std::unique_lock<std::mutex>& lock, std::uint64_t message, std::uint64_t flush);
};

// Failures of the other sink are logged, less and less often, and do not stop the thread. Returns whether there was
// none.
template <class Call>
bool async_sink::inside::guarded(bool on_answer, bool is_report, Call call) {
  std::string what = "an exception that is not a std::exception";
  try {
    const working_scope scope(this, on_answer);
    call();
    return true;
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  ++failures;
  if (is_report || (failures & (failures - 1)) != 0) return false;
  const field_view fields[]{{"failures", value_view(failures)}, {"reason", value_view(std::string_view(what))}};
  const std::string text = "the sink behind an async_sink failed to write, " + std::to_string(failures) +
                           (failures == 1 ? " time" : " times") + " so far: " + what;
  reporting = true;
  if (!detail::log_own(log_level::error, text, fields)) detail::say("interloop: " + text + '\n');
  reporting = false;
  return false;
}

void async_sink::inside::say_dropped(std::uint64_t count) {
  const std::string text = std::to_string(count) + (count == 1 ? " message was" : " messages were") +
                           " dropped: more was logged than this sink could write";
  const field_view fields[]{{"dropped", value_view(count)}};
  detail::rendering rendered(nullptr);
  log_event event = detail::rendering::make();
  event.time = std::chrono::system_clock::now();
  event.level = log_level::warn;
  event.name = "interloop";
  event.format = text;
  event.fields = fields;
  rendered.set_text(event, text);
  to->write(event);
}

void async_sink::inside::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    work.wait(lock, [&] { return stopping || !waiting.empty() || unsaid > 0 || flushed != flush_wanted; });
    if (!waiting.empty()) {
      {
        const queued next = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        const log_event& event = next.event.event();
        if (!guarded(next.answer, next.report, [&] { to->write(event); }) && next.report)
          detail::say("interloop: " + std::string(event.text()) + '\n');
      }
      lock.lock();
      ++written;
    } else if (unsaid > 0) {
      const std::uint64_t count = std::exchange(unsaid, 0);
      lock.unlock();
      guarded(true, false, [&] { say_dropped(count); });
      lock.lock();
    } else if (flushed != flush_wanted) {
      const std::uint64_t wanted = flush_wanted;
      lock.unlock();
      guarded(true, false, [&] { to->flush(); });
      lock.lock();
      flushed = wanted;
    } else {
      return;  // stopping, and nothing is left
    }
    stuck = false;
    progress.notify_all();
  }
}

// Waits for a message and a flush to be done; false if the other sink is stuck.
bool async_sink::inside::wait_for(std::unique_lock<std::mutex>& lock, std::uint64_t message, std::uint64_t flush) {
  const auto done = [&] { return written >= message && flushed >= flush; };
  while (!done()) {
    if (stuck) return false;
    const std::uint64_t before = written + flushed;
    progress.wait_for(lock, std::chrono::seconds(1), [&] { return done() || written + flushed != before; });
    if (!done() && written + flushed == before) return !(stuck = true);
  }
  return true;
}

// Called with the lock held. Counts what is dropped.
bool async_sink::inside::full() {
  if (waiting.size() < capacity) return false;
  ++unsaid;
  dropped.fetch_add(1, std::memory_order_relaxed);
  return true;
}

async_sink::async_sink(std::shared_ptr<log_sink> to, std::size_t capacity) {
  if (!to) throw usage_error("async_sink: the sink to write to is null; pass one made by std::make_shared");
  if (capacity == 0) throw usage_error("async_sink: a capacity of 0 would drop everything; it must be at least 1");
  inside_ = std::make_shared<inside>(std::move(to), capacity);
  const detail::signals_blocked in_the_new_thread_too;
  std::thread([shared = inside_] { shared->run(); }).detach();
}

async_sink::~async_sink() {
  if (!inside_->has_thread()) return;
  std::unique_lock lock(inside_->mutex);
  inside_->stopping = true;
  inside_->work.notify_all();
  if (now.whom == inside_.get()) return;  // the other sink removes this one: the thread carries on alone
  inside_->wait_for(lock, inside_->accepted, inside_->flush_wanted);
}

void async_sink::write(const log_event& event) {
  if (now.whom == inside_.get() || now.on_answer) return detail::leave_to_others();
  if (!inside_->has_thread()) return inside_->to->write(event);
  if (detail::log_state::get().is_exiting()) {
    flush();
    return inside_->to->write(event);
  }
  {
    const std::lock_guard lock(inside_->mutex);
    if (inside_->full()) return;
  }
  kept_log_event kept(event);  // outside the lock: copying runs user formatters
  const std::lock_guard lock(inside_->mutex);
  if (inside_->full()) return;
  inside_->waiting.push_back({std::move(kept), now.whom != nullptr, reporting});
  ++inside_->accepted;
  inside_->work.notify_one();
}

void async_sink::flush() {
  if (now.whom == inside_.get()) return;  // it would deadlock
  if (!inside_->has_thread()) return inside_->to->flush();
  std::unique_lock lock(inside_->mutex);
  ++inside_->flush_wanted;
  inside_->work.notify_one();
  if (!inside_->wait_for(lock, inside_->accepted, inside_->flush_wanted))
    throw error("log: the sink behind an async_sink is stuck: it has written nothing for a second");
}

std::uint64_t async_sink::dropped() const noexcept { return inside_->dropped.load(std::memory_order_relaxed); }

}  // namespace interloop
