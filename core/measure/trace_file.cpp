// SPDX-License-Identifier: MIT
#include "trace_file.hpp"

#include <interloop/detail/json_text.hpp>
#include <interloop/fork_count.hpp>

#include "core/base/signals_blocked.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <new>
#include <system_error>
#include <utility>

namespace interloop::measure {

namespace {

constexpr std::size_t most_names = 65536;  // then they are looked up anew

// Never destroyed: a loop may be closed while the process ends.
struct open_files {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<trace_file>> by_path;
};
open_files& all_open() {
  static open_files& all = *new open_files;
  return all;
}

const char* category(activity::kind what) noexcept {
  switch (what) {
    case activity::kind::none:
      return "none";
    case activity::kind::callback:
      return "callback";
    case activity::kind::future:
      return "future";
    case activity::kind::coroutine:
      return "coroutine";
    case activity::kind::waiter:
      return "coroutine";
    case activity::kind::posted:
      return "post";
    case activity::kind::timer:
      return "timer";
    case activity::kind::watch:
      return "watch";
  }
  return "none";
}

}  // namespace

std::shared_ptr<trace_file> trace_file::open(const std::string& path, std::size_t memory) {
  open_files& all = all_open();
  const std::lock_guard lock(all.mutex);
  std::weak_ptr<trace_file>& known = all.by_path[path];
  if (auto shared = known.lock(); shared && shared->forks_ == fork_count()) return shared;
  // In a forked child, the thread is the parent's, perhaps in the middle of something: then all of it is left alone.
  std::shared_ptr<trace_file> made(new trace_file(path, memory), [](trace_file* last) {
    if (last->forks_ == fork_count()) delete last;
  });
  known = made;
  return made;
}

trace_file::trace_file(std::string path, std::size_t memory)
    : path_(std::move(path)),
      forks_(fork_count()),
      rate_(rate_of_ticks()),
      begin_(read_ticks(rate_.counter)),
      process_(static_cast<int>(::getpid())),
      unmade_(std::max(memory, std::size_t{1} << 20U) / sizeof(trace_block)) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "start_trace: cannot open " + path_);
  out_ = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  write_out(0);
  try {
    const detail::signals_blocked blocked;
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    ::close(file_);
    throw;
  }
}

trace_file::~trace_file() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  ::close(file_);
  while (free_) delete std::exchange(free_, free_->next);
}

trace_block* trace_file::take() noexcept {
  if (forks_ != fork_count()) return nullptr;
  const std::lock_guard lock(mutex_);
  if (free_) return std::exchange(free_, free_->next);
  if (unmade_ == 0) return nullptr;
  auto* const made = new (std::nothrow) trace_block;
  if (made) --unmade_;
  return made;
}

void trace_file::give(trace_block* filled) noexcept {
  if (forks_ != fork_count()) return delete filled;
  {
    const std::lock_guard lock(mutex_);
    filled->next = nullptr;
    *last_ = filled;
    last_ = &filled->next;
    ++given_;
  }
  changed_.notify_all();
}

void trace_file::add_lost(std::uint64_t count) noexcept {
  if (forks_ != fork_count()) return;
  const std::lock_guard lock(mutex_);
  lost_ += count;
}

void trace_file::name_thread(int thread, std::string_view name) {
  if (forks_ != fork_count()) return;
  const std::lock_guard lock(mutex_);
  new_names_.emplace_back(thread, std::string(name));
}

std::string trace_file::flush() {
  if (forks_ != fork_count()) return "the process was forked";
  std::unique_lock lock(mutex_);
  // Others may go on giving blocks.
  changed_.wait(lock, [this, mine = given_] { return in_file_ >= mine; });
  return error_;
}

void trace_file::run() {
  std::uint64_t taken = 0;  // blocks
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return first_ || stop_; });
    trace_block* const block = first_;
    if (block) {
      first_ = block->next;
      if (!first_) last_ = &first_;
    }
    if (block) ++taken;
    const bool last = !first_;
    const bool over = !block && stop_;
    const std::uint64_t lost = lost_;
    const auto names = std::exchange(new_names_, {});
    lock.unlock();
    try {
      for (const auto& [thread, name] : names) {
        begin_event("M", thread, 0);
        out_ += ",\"name\":\"thread_name\",\"args\":{\"name\":";
        detail::append_json(out_, name);
        out_ += "}}";
      }
      if (block) write_block(*block);
      if (last || out_.size() > std::size_t{1} << 18U) write_out(lost);
    } catch (const std::bad_alloc&) {
      failed_ = true;
      out_.clear();
      any_ = any_in_file_;
    }
    lock.lock();
    if (block) block->next = std::exchange(free_, block);
    if (failed_ && error_.empty()) error_ = "the trace could not be written completely";
    if (out_.empty()) in_file_ = taken;
    changed_.notify_all();
    if (over) return;
  }
}

void trace_file::write_block(const trace_block& block) {
  for (std::size_t i = 0; i < block.count; ++i) write_event(block.events[i]);
  written_ += block.count;
}

void trace_file::append_number(std::uint64_t number) {
  char digits[24];
  out_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void trace_file::append_time(std::uint64_t nanoseconds) {
  append_number(nanoseconds / 1000);
  const auto rest = static_cast<unsigned>(nanoseconds % 1000);
  const char digits[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  out_.append(digits, sizeof digits);
}

void trace_file::begin_event(const char* phase, int thread, std::uint64_t at) {
  out_.append(std::exchange(any_, true) ? ",\n{\"ph\":\"" : "\n{\"ph\":\"").append(phase).append("\",\"pid\":");
  append_number(static_cast<std::uint64_t>(process_));
  out_ += ",\"tid\":";
  append_number(static_cast<std::uint64_t>(thread));
  out_ += ",\"ts\":";
  append_time(at);
}

std::size_t trace_file::key_hash::operator()(const key& of) const noexcept {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(of.code) * odd;
  mixed = (mixed ^ reinterpret_cast<std::uintptr_t>(of.file) ^ of.rest) * odd;
  return static_cast<std::size_t>(mixed >> 16U);
}

const std::string& trace_file::name_of(const activity& what) {
  // Futures of different types have the same name, but not the same code.
  const key wanted{what.code, what.where.file_name(),
                   (static_cast<std::uint64_t>(what.where.line()) << 32U) ^
                       (static_cast<std::uint64_t>(what.where.column()) << 16U) ^
                       (static_cast<std::uint64_t>(static_cast<std::uint32_t>(what.number)) << 8U) ^
                       static_cast<std::uint64_t>(what.what)};
  if (names_.size() > most_names) names_.clear();
  const auto [place, fresh] = names_.try_emplace(wanted);
  if (fresh) detail::append_json(place->second, text_of(what));
  return place->second;
}

std::uint64_t trace_file::time_of(ticks at) const noexcept {
  return nanoseconds_between(begin_, at, rate_.nanoseconds);
}

// When a post's slice may begin: processors read the clock a little out of order, and slices of a thread must not
// overlap.
std::uint64_t trace_file::begin_of_post(int thread, std::uint64_t at) {
  std::uint64_t& last = posts_[thread];
  if (at >= last || last - at > length_of_post) {
    last = at + length_of_post;
    return at;
  }
  return std::exchange(last, last + length_of_post);
}

void trace_file::write_event(const trace_event& event) {
  using kind = trace_event::kind;
  if (event.type == kind::coroutine_begins || event.type == kind::coroutine_ends) {
    begin_event(event.type == kind::coroutine_begins ? "b" : "e", event.thread, time_of(event.begin));
    out_ += ",\"cat\":\"coroutine\",\"id\":";
    append_number(event.id);
    out_.append(",\"name\":").append(name_of(event.what)).append("}");
    return;
  }
  if (event.type == kind::slice && event.source != 0) {
    std::uint64_t source = time_of(event.source);
    if (event.what.what == activity::kind::posted) {
      source = begin_of_post(event.source_thread, source);
      begin_event("X", event.source_thread, source);
      out_ += R"(,"dur":0.004,"cat":"post","name":"post"})";
    }
    ++flows_;
    begin_event("s", event.source_thread, source);
    out_ += R"(,"cat":"flow","name":"queues","id":)";
    append_number(flows_);
    out_ += "}";
    begin_event("f", event.thread, time_of(event.begin));
    out_ += R"(,"bp":"e","cat":"flow","name":"queues","id":)";
    append_number(flows_);
    out_ += "}";
  }
  begin_event("X", event.thread, time_of(event.begin));
  out_ += ",\"dur\":";
  // The difference of what is written, so that slices that lie in each other still do.
  append_time(time_of(event.end) - std::min(time_of(event.begin), time_of(event.end)));
  if (event.type == kind::turn) {
    out_ += R"(,"cat":"turn","name":"turn"})";
  } else {
    out_.append(",\"cat\":\"").append(category(event.what.what)).append("\",\"name\":");
    out_.append(name_of(event.what)).append("}");
  }
}

// Writes what there is, and the end of the document, over which the next writing begins.
void trace_file::write_out(std::uint64_t lost) noexcept {
  try {
    const std::size_t mine = out_.size();
    out_ += "\n],\"otherData\":{\"events\":";
    append_number(written_);
    out_ += ",\"lost\":";
    append_number(lost);
    out_ += "}}\n";
    std::size_t done = 0;
    while (!failed_ && done < out_.size()) {
      const ::ssize_t more =
          ::pwrite(file_, out_.data() + done, out_.size() - done, static_cast<::off_t>(position_ + done));
      if (more < 0 && errno == EINTR) continue;
      if (more <= 0) {
        failed_ = true;
        const std::lock_guard lock(mutex_);
        error_ = path_ + ": " + std::generic_category().message(more < 0 ? errno : ENOSPC);
      } else {
        done += static_cast<std::size_t>(more);
      }
    }
    position_ += mine;
    any_in_file_ = any_;
  } catch (const std::bad_alloc&) {
    failed_ = true;
  }
  out_.clear();
}

}  // namespace interloop::measure
