// SPDX-License-Identifier: MIT
// What a future's handles share, in one block of memory: state, value, and the first callbacks.
//
// Layout. `future_core` is everything that does not depend on the value's type; `future_state<T>` adds room for the
// value or the failure. 32 bytes inside the core hold the first continuations packed one after the other (a pointer to
// code, then the captures); those that do not fit are allocated singly. A coroutine's frame follows its state in the
// same block (see coroutine.hpp), so the block is always freed through the state.
//
// Life cycle. pending -> value or failed, once; a value that was moved out leaves `taken`. Handles, the queued dispatch
// and a running coroutine each hold a reference. Waiters (a suspended coroutine, a gather, a blocked thread) are
// counted separately: if only they are left, nobody can complete a pending future any more, and it fails with
// `broken_promise`. A pending state is in its loop's list, so that closing the loop reaches it. The counts are not
// atomic: everything happens in the loop's thread.
#pragma once

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/state_ptr.hpp>
#include <interloop/detail/state_word.hpp>
#include <interloop/failure.hpp>
#include <interloop/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace interloop {

template <class T>
class future;

namespace detail {

/// What visiting a continuation does.
enum class visit : unsigned char {
  run,      // the future completed: call it, then destroy it
  cancel,   // the future is being cancelled: only a canceller does something, and stays
  destroy,  // destroy it without calling it
};

class future_core;

/// A continuation's first member. `code` sets `size` to the whole continuation's before anything else.
struct continuation {
  void (*code)(continuation&, future_core&, visit, std::size_t& size);
};

/// How readers of memory see a future that is none of the special ones.
extern const look plain_future;

/// The continuation that resumes a coroutine of the future's own loop. If it is the only one, the coroutine itself goes
/// into the ready queue: while suspended, it keeps the future.
struct resumption final : continuation {
  explicit resumption(void* coroutine) noexcept : continuation{&code_of}, frame(coroutine) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size);
  /// The coroutine's record in the ready queue.
  static const task_queue::kind queued;

  void* frame;
};

class future_core : public pending {
 public:
  /// \param block  the kind of block, of the loop's block_cache, that the state is made in.
  future_core(const operations& type, loop& core, std::source_location where, unsigned char block) noexcept
      : pending{&type}, word_(block), loop_(&core), created_(where) {
    loop_access::retain(core);
    loop_access::enlist(core, *this);
  }
  future_core(const future_core&) = delete;
  future_core& operator=(const future_core&) = delete;

  [[nodiscard]] interloop::loop& loop() const noexcept { return *loop_; }
  [[nodiscard]] detail::status status() const noexcept { return word_.status(); }
  [[nodiscard]] bool is_pending() const noexcept { return word_.is_pending(); }
  [[nodiscard]] bool is_value() const noexcept { return word_.is_value(); }
  [[nodiscard]] std::source_location created() const noexcept { return created_; }
  void set_created(std::source_location where) noexcept { created_ = where; }

  /// Whether only the caller, which has that many handles, needs the value: there are no other handles and no
  /// continuations.
  [[nodiscard]] bool sole(unsigned handles) const noexcept {
    return references_ / one_handle + references_ % one_handle ==
               handles + (word_.any(state_word::lone_dispatch) ? 1U : 0U) &&
           !word_.any(state_word::waited);
  }

  void retain() noexcept { references_ += one_handle; }
  /// Drops a handle. A pending future that only waiters hold then fails, and their continuations are queued.
  void release() noexcept {
    references_ -= one_handle;
    if (references_ < one_handle) ops->destroy(*this);
  }

  /// Holds it for a waiter that has added a continuation. Returns whether it was counted as a waiter; from the 64th on,
  /// waiters take a handle instead.
  [[nodiscard]] bool retain_for_waiter() noexcept {
    const std::uint32_t more = references_ + 1;
    if (more % one_handle == 0) [[unlikely]] {
      retain();
      return false;
    }
    references_ = more;
    return true;
  }
  void release_for_waiter(bool counted) noexcept {
    if (!counted) return release();
    if (--references_ == 0) ops->destroy(*this);
  }

  /// Adds a continuation, which stays where it is; queues the dispatch if the future has completed already.
  template <class Continuation, class... Args>
  Continuation& add(Args&&... args) {
    Continuation& added = store<Continuation>(std::forward<Args>(args)...);
    word_.count_one();
    if (!is_pending()) queue_dispatch();
    return added;
  }

  /// The same for a coroutine of the future's own loop; fast if nobody else waits.
  void add_resumption(void* frame) {
    if (!word_.is_untouched()) {
      add<resumption>(frame);
      return;
    }
    ::new (static_cast<void*>(inline_)) resumption(frame);
    word_.resumption_stored();
  }

  /// Adds a continuation that does not use the value. The future must be pending.
  template <class Continuation, class... Args>
  Continuation& add_bystander(Args&&... args) {
    return store<Continuation>(std::forward<Args>(args)...);
  }

  /// Marks the future as completed; the value or the failure must be in place. Callbacks run in a later turn.
  void complete(detail::status outcome) noexcept {
    leave_loop();
    if (word_.any(state_word::resumes) && resumes_one_coroutine()) return word_.set_status(outcome);
    word_.set_status(outcome);
    if (word_.has_continuations()) queue_dispatch();
  }

  /// Removes a pending future from those that fail when its loop closes.
  void leave_loop() noexcept {
    if (link) unlink();
  }

  /// A failure counts as looked at once anyone has been given it.
  void mark_observed() noexcept { word_.set(state_word::observed); }
  [[nodiscard]] bool observed() const noexcept { return word_.any(state_word::observed); }
  [[nodiscard]] bool has_canceller() const noexcept { return word_.any(state_word::has_canceller); }
  void mark_canceller() noexcept {
    word_.set(state_word::has_canceller);
    word_.clear(state_word::waited);  // the canceller is the first one, and does not use the value
  }
  [[nodiscard]] bool is_coroutine() const noexcept { return word_.any(state_word::is_coroutine); }
  void mark_coroutine() noexcept { word_.set(state_word::is_coroutine); }

  /// For onlookers: the frame of the coroutine that the callbacks resume, if it is the only one that waits; null
  /// otherwise. Looks for the function that resumes it, because only a continuation itself knows its size.
  [[nodiscard]] void* lone_coroutine() const noexcept {
    if (!word_.waited_by_one()) return nullptr;
    if (overflow_) {
      const continuation& last = overflow_->get();
      return last.code == &resumption::code_of ? static_cast<const resumption&>(last).frame : nullptr;
    }
    for (std::size_t at = 0; at + sizeof(resumption) <= word_.used(); at += sizeof(void*)) {
      const auto* each = reinterpret_cast<const resumption*>(inline_ + at);
      if (each->code == &resumption::code_of) return each->frame;
    }
    return nullptr;
  }

  /// Calls the canceller, if there is one. It may complete the future.
  void call_canceller();
  /// Cancels the future if it is pending; otherwise returns false.
  bool cancel(std::string message, std::source_location where);
  bool cancel(const failure& cancelled) {
    if (!is_pending()) return false;
    const state_ptr<future_core> keep(this);
    ops->cancel(*this, cancelled);
    return true;
  }

  /// The failure of a future that nobody can complete any more.
  [[nodiscard]] failure broken() const noexcept;

 protected:
  template <class>
  friend struct look_access;

  struct overflow_base {
    virtual ~overflow_base() = default;
    virtual continuation& get() noexcept = 0;
    overflow_base* next = nullptr;
  };
  template <class Continuation>
  struct overflow_node final : overflow_base {
    template <class... Args>
    explicit overflow_node(Args&&... args) : held(std::forward<Args>(args)...) {}
    continuation& get() noexcept override { return held; }
    // Continuations are destroyed by being visited, so their storage must not destroy them again.
    ~overflow_node() noexcept override {}
    union {
      Continuation held;
    };
  };

  template <class Continuation, class... Args>
  Continuation& store(Args&&... args) {
    if constexpr (sizeof(Continuation) <= inline_bytes && alignof(Continuation) <= alignof(void*)) {
      const std::size_t at = word_.used();
      if (at + sizeof(Continuation) <= inline_bytes && !word_.any(state_word::dispatching | state_word::overflows)) {
        auto* const packed = ::new (static_cast<void*>(inline_ + at)) Continuation(std::forward<Args>(args)...);
        word_.stored(sizeof(Continuation));
        return *packed;
      }
    }
    auto* const extra = new overflow_node<Continuation>(std::forward<Args>(args)...);
    extra->next = overflow_;
    overflow_ = extra;
    word_.overflowed();
    return extra->held;
  }

  /// Queues the coroutine that is the only waiter. The future then need not be visited.
  bool resumes_one_coroutine() noexcept {
    auto& only = *std::launder(reinterpret_cast<resumption*>(inline_));
    if (!loop_access::try_enqueue(*loop_, resumption::queued, only.frame)) return false;
    word_.forget_resumption();
    return true;
  }

  void queue_dispatch() noexcept {
    if (word_.any(state_word::queued)) return;
    word_.set(state_word::queued);
    retain();
    loop_access::enqueue(*loop_, *this);
  }

  /// Runs or destroys every continuation in the order they were added, and forgets them.
  void visit_all(visit how) noexcept;
  /// The queued dispatch, which still holds its reference: `visit_all(visit::run)`, fast if all are stored inline.
  void run_all() noexcept;
  void visit_one(continuation& each, visit how, std::size_t& size) noexcept;
  void report_escaped() noexcept;

  static constexpr std::size_t inline_bytes = 32;
  static constexpr std::uint32_t one_handle = 64;
  static_assert(block_cache::kinds <= state_word::last_block && sizeof(resumption) == state_word::resumption_bytes);

  std::uint32_t references_ = one_handle;  // low 6 bits: waiters, up to 63; above: all others
  state_word word_;
  interloop::loop* loop_;
  std::source_location created_;
  overflow_base* overflow_ = nullptr;  // last added first
  alignas(void*) std::byte inline_[inline_bytes];
};

// Offsets in a class that is not of standard layout: both compilers know them, and warn that others need not.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

/// What readers of memory need to know about futures.
template <>
struct look_access<future_core> {
  static constexpr std::uint32_t created = __builtin_offsetof(future_core, created_);
  static constexpr std::uint32_t completed = __builtin_offsetof(future_core, word_) + state_word::status_byte;
  static constexpr std::uint32_t callbacks = __builtin_offsetof(future_core, word_) + state_word::used_byte;
  static constexpr std::uint32_t first_callback = __builtin_offsetof(future_core, inline_);
  /// The canceller that a future was created with is a lambda with one capture: where that is.
  static constexpr std::uint32_t canceller_capture = first_callback + sizeof(continuation);
};

#pragma GCC diagnostic pop

/// For kinds of futures that wait for others.
constexpr look look_of_future(const char* name, look::kind what, std::uint32_t from, const look_edge* first,
                              std::uint32_t edges) {
  using of = look_access<future_core>;
  return {name, what, of::created, of::completed, of::callbacks, from, edges, first};
}

template <class T>
using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Whether a type can really be copied: std::vector claims so even for elements that only move.
template <class T>
struct copyable : std::is_copy_constructible<T> {};
template <class T>
  requires requires {
    typename T::allocator_type;
    typename T::value_type;
  }
struct copyable<T> : std::bool_constant<std::is_copy_constructible_v<T> && copyable<typename T::value_type>::value> {};

/// Throws the error that says why there is no value.
[[noreturn]] void throw_no_value(status actual);

template <class T>
class future_state final : public future_core {
  static constexpr bool over_aligned = alignof(stored<T>) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;

 public:
  /// Memory for a state; `do_destroy` frees it. `kind` is for the constructor.
  static void* allocate(interloop::loop& core, unsigned char& kind) {
    if constexpr (over_aligned) {
      kind = 0;
      return ::operator new(sizeof(future_state), std::align_val_t(alignof(future_state)));
    } else {
      return loop_access::blocks(core).take(sizeof(future_state), kind);
    }
  }

  future_state(interloop::loop& core, std::source_location where, unsigned char block,
               const operations& type = table) noexcept
      : future_core(type, core, where, block) {}
  ~future_state() {
    if (status() == detail::status::failed) {
      failure_.~failure();
    } else if (has_value()) {
      value_.~stored<T>();
    }
  }

  /// Puts the value in place, for `complete(status::value)`. Strong guarantee.
  template <class... Args>
  void set_value(Args&&... args) {
    ::new (static_cast<void*>(__builtin_addressof(value_))) stored<T>(std::forward<Args>(args)...);
    word_.set(state_word::has_value);
  }
  /// Puts the failure in place, for `complete(status::failed)`; destroys a value that was in place.
  void set_failure(const failure& fail) noexcept {
    if (has_value()) value_.~stored<T>();
    word_.clear(state_word::has_value);
    ::new (static_cast<void*>(&failure_)) failure(fail.extended(trace_entry::kind::created, created_));
  }
  [[nodiscard]] bool has_value() const noexcept { return word_.any(state_word::has_value); }

  [[nodiscard]] stored<T>& value() noexcept { return value_; }
  [[nodiscard]] const failure& get_failure() const noexcept { return failure_; }

  /// The value, or throws: the failure's exception, or `invalid_state` if pending or taken.
  stored<T>& require_value() {
    if (!word_.is_value()) [[unlikely]]
      no_value();
    return value_;
  }

  /// Moves the value out if only the caller, which has that many handles, needs it, or if it cannot be copied;
  /// otherwise copies it.
  stored<T> take_value(unsigned handles) {
    stored<T>& mine = require_value();
    if constexpr (copyable<stored<T>>::value) {
      if (!sole(handles)) return mine;
    }
    word_.set_status(detail::status::taken);
    return std::move(mine);
  }

  static void do_dispatch(pending& base) noexcept {
    auto& self = static_cast<future_state&>(base);
    self.run_all();
    self.references_ -= one_handle;
    if (self.references_ < one_handle) do_destroy(self);  // the same as `ops->destroy` for every state of this type
  }

  static void do_abandon(pending& base) noexcept {
    auto& self = static_cast<future_state&>(base);
    if (self.is_pending()) {
      self.set_failure(loop_access::closing_failure(*self.loop_));
      self.mark_observed();  // closing itself tells everyone
      self.word_.set_status(detail::status::failed);
      self.leave_loop();
      self.retain();
    } else {
      self.word_.clear(state_word::queued);  // the dispatch's reference is now ours
    }
    self.visit_all(visit::destroy);
    self.release();
  }

  static void do_destroy(pending& base) noexcept {
    auto& self = static_cast<future_state&>(base);
    if (self.references_ == 0 && self.word_.has_value_only()) [[likely]] {
      self.value_.~stored<T>();
    } else {
      if (!self.is_over()) return;
      self.~future_state();
    }
    interloop::loop& core = *self.loop_;
    [[maybe_unused]] const unsigned char block = self.word_.block();
    if constexpr (over_aligned) {
      ::operator delete(static_cast<void*>(&self), std::align_val_t(alignof(future_state)));
    } else {
      loop_access::blocks(core).give_back(&self, block);
    }
    loop_access::release(core);
  }

  static void do_cancel(pending& base, const failure& cancelled) {
    auto& self = static_cast<future_state&>(base);
    const state_ptr<future_core> keep(&self);  // the canceller may drop the handles
    self.call_canceller();
    if (!self.is_pending()) return;
    self.set_failure(cancelled);
    self.mark_observed();  // the caller asked for it
    self.complete(detail::status::failed);
  }

  /// Operations with different functions for cancelling.
  static constexpr operations table_with(void (*cancel)(pending&, const failure&),
                                         pending* (*pass_on)(pending&, const failure&, bool), const look* about) {
    return {&task_queue::kind_of_reference<pending, &do_dispatch, &do_abandon>,
            &do_dispatch,
            &do_abandon,
            &do_destroy,
            cancel,
            pass_on,
            about};
  }
  static constexpr operations table = table_with(&do_cancel, nullptr, &plain_future);

 private:
  /// The last handle is gone. Returns whether nothing refers to the state any more, after its callbacks are destroyed and
  /// its failure was looked at; otherwise only waiters are left, and it fails.
  [[nodiscard]] bool is_over() noexcept {
    if (references_ != 0) {
      if (is_pending() && !loop_->closed()) {
        set_failure(broken());
        complete(detail::status::failed);
      }
      return false;
    }
    leave_loop();
    references_ = one_handle;  // destructors of callbacks may make and drop handles of this very future
    if (word_.has_continuations()) visit_all(visit::destroy);
    if (word_.failed_unobserved()) loop_->handle_exception("a future failed and nobody looked at it", failure_);
    return true;
  }

  [[noreturn]] void no_value() {
    if (status() != detail::status::failed) throw_no_value(status());
    mark_observed();
    failure_.as_error().rethrow();
  }

  union {
    stored<T> value_;
    failure failure_;
  };
};

}  // namespace detail
}  // namespace interloop
