// SPDX-License-Identifier: MIT
// What templates in public headers need of a session.
#pragma once

#include <interloop/bridge.hpp>
#include <interloop/failure.hpp>
#include <interloop/wamp/detail/arguments.hpp>
#include <interloop/wamp/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string_view>
#include <utility>

namespace interloop::wamp {

class call_options;
class publish_options;

namespace detail {

/// The exception being handled; a `std::bad_alloc` if there is no memory to say more.
[[nodiscard]] inline failure caught(std::source_location where = std::source_location::current()) noexcept {
  const std::exception_ptr thrown = std::current_exception();
  try {
    return failure(where);
  } catch (...) {
    return failure::of(thrown, where);
  }
}

/// A procedure's or topic's name, and the line of the user's code that gave it, for tracebacks.
class uri_here {
 public:
  template <text_like Text>
  uri_here(const Text& text, std::source_location where = std::source_location::current())
      : text_(text), where_(where) {}

  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::source_location where() const noexcept { return where_; }

 private:
  std::string_view text_;
  std::source_location where_;
};

/// A promise of any type, with the function that settles it: with a result, with a failure, or, with neither, by giving
/// it up.
class reply_slot {
 public:
  using settler = void (*)(void* promise, const payload* got, const failure* why);

  reply_slot() noexcept = default;
  reply_slot(void* released, settler how) noexcept : promise_(released), how_(how) {}
  reply_slot(reply_slot&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)), how_(other.how_) {}
  reply_slot& operator=(reply_slot&& other) noexcept {
    std::swap(promise_, other.promise_);
    std::swap(how_, other.how_);
    return *this;
  }
  ~reply_slot() {
    if (promise_) how_(promise_, nullptr, nullptr);
  }

  explicit operator bool() const noexcept { return promise_ != nullptr; }
  void resolve(const payload& got) { how_(std::exchange(promise_, nullptr), &got, nullptr); }
  void reject(const failure& why) { how_(std::exchange(promise_, nullptr), nullptr, &why); }

 private:
  void* promise_ = nullptr;
  settler how_ = nullptr;
};

template <class T>
void settle_call(void* released, const payload* got, const failure* why) {
  auto waiting = promise<T>::adopt(released);
  if (why) {
    waiting.reject(*why);
  } else if (got) {
    try {
      if constexpr (std::is_void_v<T>) {
        waiting.resolve();
      } else {
        waiting.resolve(read_result<T>(*got));
      }
    } catch (...) {
      waiting.reject(std::source_location{});
    }
  }
}

/// A session, seen from templates. Counted by its users, in the loop's thread.
class core_link {
 public:
  core_link(const core_link&) = delete;
  core_link& operator=(const core_link&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  [[nodiscard]] interloop::loop& loop() const noexcept { return loop_; }

  // Messages are written in two steps: the first writes what precedes the arguments, and returns where these are to be
  // written, as many as was said; the second completes and sends it. Without a session, the second one fails.

  /// Errors: `usage_error` for a name that is not a URI.
  [[nodiscard]] virtual writer& begin_call(const call_options* options, std::string_view procedure,
                                           std::size_t arguments) = 0;
  /// The request's id, which `end_call` uses; for the canceller.
  [[nodiscard]] virtual std::uint64_t call_id() const noexcept = 0;
  /// \param slot  taken, unless this throws.
  virtual void end_call(const call_options* options, reply_slot& slot) = 0;
  virtual void cancel_call(std::uint64_t id) noexcept = 0;

  [[nodiscard]] virtual writer& begin_publish(const publish_options* options, std::string_view topic,
                                              std::size_t arguments, bool acknowledge) = 0;
  virtual void end_publish(const publish_options* options) = 0;
  [[nodiscard]] virtual future<std::uint64_t> end_publish_acknowledged(const publish_options* options,
                                                                       std::source_location where) = 0;

  /// \param keywords  whether `kwargs` are written after the arguments, as a map.
  /// \return null if nobody waits for it any more.
  [[nodiscard]] virtual writer* begin_yield(std::uint64_t invocation, bool progress, std::size_t arguments,
                                            bool keywords) = 0;
  virtual void end_yield() = 0;
  virtual void answer_error(std::uint64_t invocation, const failure& why) noexcept = 0;
  /// An invocation that is not answered yet: INTERRUPT, its time limit and the end of the session cancel it.
  virtual void set_running(std::uint64_t invocation, observation running) = 0;

 protected:
  explicit core_link(interloop::loop& core) noexcept : loop_(core) {}
  virtual ~core_link() = default;

 private:
  interloop::loop& loop_;
  unsigned references_ = 1;
};

/// Counts one user of a session. May be empty.
class core_ptr {
 public:
  core_ptr() noexcept = default;
  explicit core_ptr(core_link* core) noexcept : core_(core) { core_->retain(); }
  core_ptr(const core_ptr& other) noexcept : core_(other.core_) {
    if (core_) core_->retain();
  }
  core_ptr(core_ptr&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  core_ptr& operator=(core_ptr other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~core_ptr() {
    if (core_) core_->release();
  }

  [[nodiscard]] core_link* get() const noexcept { return core_; }
  core_link* operator->() const noexcept { return core_; }
  core_link& operator*() const noexcept { return *core_; }
  explicit operator bool() const noexcept { return core_ != nullptr; }

 private:
  core_link* core_ = nullptr;
};

/// Cancels a call: the future fails by itself.
struct call_canceller {
  core_ptr core;
  std::uint64_t id;
  void operator()() const noexcept { core->cancel_call(id); }
};

}  // namespace detail
}  // namespace interloop::wamp
