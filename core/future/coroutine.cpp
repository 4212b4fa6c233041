// SPDX-License-Identifier: MIT
#include <interloop/coroutine.hpp>

namespace interloop::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
template <>
struct look_access<promise_core> {
  static constexpr std::uint32_t awaiting = __builtin_offsetof(promise_core, awaiting_);
  static constexpr std::uint32_t in_line = __builtin_offsetof(promise_core, in_line_);
};
#pragma GCC diagnostic pop

constinit const look_edge coroutine_edges[2] = {
    {.steps = 1,
     .path = {look_access<promise_core>::awaiting, 0},
     .at = __builtin_offsetof(await_record, what),
     .place = __builtin_offsetof(await_record, where)},
    {.at = look_access<promise_core>::in_line},
};

void throw_frame_misplaced() {
  throw usage_error(
      "coroutine: the compiler lays out its frame wrongly, as g++ 12 does where a condition awaits a temporary; give "
      "the result a name: `while (const bool more = co_await …)` instead of `while (co_await …)`");
}

namespace {

// Owns a suspended coroutine on the way to its own loop.
class traveller {
 public:
  explicit traveller(std::coroutine_handle<> who) noexcept : who_(who) {}
  traveller(traveller&& other) noexcept : who_(std::exchange(other.who_, nullptr)) {}
  traveller& operator=(traveller&&) = delete;
  ~traveller() {
    if (who_) who_.destroy();
  }
  void operator()() { std::exchange(who_, nullptr).resume(); }

 private:
  std::coroutine_handle<> who_;
};

void interloop_resumes(std::byte& frame) noexcept { std::coroutine_handle<>::from_address(&frame).resume(); }
void destroy_frame(std::byte& frame) noexcept { std::coroutine_handle<>::from_address(&frame).destroy(); }

}  // namespace

// Not recursive: the chain may have a hundred thousand coroutines. Coroutines that await each other in a ring are found
// by Brent's algorithm: each is compared with a marker that is moved on after 1, 2, 4, 8... steps.
void cancel_coroutine(pending& first, const failure& cancelled) {
  pending* at = &first;
  const pending* earlier = at;
  std::size_t steps = 0;
  std::size_t limit = 1;
  bool in_ring = false;
  while (pending* next = at->ops->pass_on(*at, cancelled, in_ring)) {
    if (!next->ops->pass_on) {
      next->ops->cancel(*next, cancelled);
      return;
    }
    at = next;
    in_ring = at == earlier;
    if (++steps == limit) {
      earlier = at;
      steps = 0;
      limit *= 2;
    }
  }
}

constinit const task_queue::kind resumption::queued =
    task_queue::kind_of_reference<std::byte, &interloop_resumes, &destroy_frame>;

void resumption::code_of(continuation& base, future_core&, visit how, std::size_t& size) {
  size = sizeof(resumption);
  if (how == visit::cancel) return;
  auto& frame = *static_cast<std::byte*>(static_cast<resumption&>(base).frame);
  if (how == visit::destroy) {
    destroy_frame(frame);
  } else {
    interloop_resumes(frame);
  }
}

void return_home::code_of(continuation& base, future_core&, visit how, std::size_t& size) {
  size = sizeof(return_home);
  if (how == visit::cancel) return;
  promise_core& waiter = *static_cast<return_home&>(base).waiter;
  if (how == visit::destroy) {
    waiter.self().destroy();
  } else {
    waiter.go_home();
  }
}

void promise_core::go_home() { loop_->post(traveller(self())); }

void promise_core::throw_awaited(const failure& why, std::source_location where) {
  seen_ = (cancelled_ ? why : why.as_error()).extended(trace_entry::kind::awaited, where);
  seen_->rethrow();
}

failure promise_core::escaped(std::source_location place) const noexcept {
  std::exception_ptr thrown = std::current_exception();
  return seen_ && seen_->exception() == thrown ? *seen_ : failure::of(std::move(thrown), place);
}

}  // namespace interloop::detail
