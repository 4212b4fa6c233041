// SPDX-License-Identifier: MIT
#include <interloop/async_generator.hpp>

#include <interloop/error.hpp>

#include <exception>
#include <new>

namespace interloop::detail {

void*& frame_being_made() noexcept {
  static constinit thread_local void* frame = nullptr;
  return frame;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
template <>
struct look_access<generator_core> {
  static constexpr std::uint32_t created = __builtin_offsetof(generator_core, created_);
};
template <>
struct look_access<generator_reader> {
  static constexpr std::uint32_t from = __builtin_offsetof(generator_reader, from_);
};
#pragma GCC diagnostic pop

namespace {

constexpr look body{.name = "async_generator",
                    .what = look::kind::generator,
                    .created = look_access<generator_core>::created,
                    .edges = 2,
                    .first = coroutine_edges};
constexpr look_edge to_body{.at = look_access<generator_reader>::from, .as = &body};
constexpr look reader{.name = "async_generator::next",
                      .what = look::kind::wait,
                      .created = look_access<waiter>::where,
                      .edges = 1,
                      .first = &to_body};

}  // namespace

const pending::operations generator_reader::table{&task_queue::kind_of_reference<pending, &run, &abandon>,
                                                  &run,
                                                  &abandon,
                                                  nullptr,
                                                  &cancel_coroutine,
                                                  &pass_on,
                                                  &reader};

generator_reader::generator_reader(generator_core& from, promise_core& who, std::source_location where) noexcept
    : waiter(table, who, where), from_(&from) {}

bool generator_reader::await_ready() {
  if (requested()) return true;
  if (from_->reader_ || from_->busy_)
    throw_usage(
        "next: this async generator has not answered an earlier next() yet; await that first, or use one generator for "
        "each reader");
  from_->reader_ = this;
  if (from_->unread_ || from_->ended_) {
    stage_ = stage::served;
  } else {
    from_->run();
  }
  return stage_ != stage::idle;
}

void generator_reader::await_suspend(std::coroutine_handle<>) { wait_in(from_->line_); }

void generator_reader::arrive() noexcept {
  if (stage_ == stage::waiting) {
    from_->line_.remove(*this);
    wake(stage::served);
  } else {
    stage_ = stage::served;
  }
}

void generator_reader::lose(const failure* why) noexcept {
  const bool waited = stage_ == stage::waiting;
  if (why) lost_ = *why;
  forget();
  if (waited) {
    wake(stage::dropped);
  } else {
    stage_ = stage::dropped;
  }
}

void generator_reader::forget() noexcept {
  if (!from_) return;
  if (stage_ == stage::waiting) from_->line_.remove(*this);
  stage_ = stage::idle;
  if (from_->reader_ == this) from_->reader_ = nullptr;
  from_ = nullptr;
}

generator_core& generator_reader::arrived() {
  resumed();
  if (lost_ && !requested()) throw_failure(*lost_, where_);
  if (stage_ != stage::served) throw_outcome();
  generator_core& from = *from_;
  forget();
  from.unread_ = false;
  if (const std::optional<failure> fail = from.take_failure()) throw_failure(*fail, where_);
  return from;
}

pending* generator_reader::pass_on(pending& base, const failure& cancelled, bool in_ring) {
  auto& self = static_cast<generator_reader&>(base);
  if (self.stage_ == stage::waiting && !in_ring) return self.from_->cancel_body(cancelled);
  self.keep_request(cancelled);
  const bool waited = self.stage_ == stage::waiting;
  self.forget();  // what was yielded stays in the generator
  if (waited) self.wake(stage::cancelled);
  return nullptr;
}

generator_core::generator_core(loop& core) : promise_core(nullptr), line_(core) {
  loop_access::require_open(core, "async_generator");
  loop_ = &core;
  loop_access::retain(core);
}

generator_core::~generator_core() {
  if (owner_) *owner_ = nullptr;
  if (reader_) reader_->lose(&loop_access::closing_failure(*loop_));  // else what it awaits would not destroy it
  loop_access::release(*loop_);
}

void generator_core::pause() noexcept {
  busy_ = false;
  unread_ = !ended_ || failure_;
  if (!owner_) {
    if (failure_ && !failure_->is<cancelled_error>())
      loop_->handle_exception("an async generator that was destroyed failed", *failure_);
    self().destroy();
  } else if (reader_) {
    reader_->arrive();
  }
}

void generator_core::unhandled_exception() noexcept {
  failure_ = escaped(created_).extended(trace_entry::kind::created, created_);
}

void generator_core::disown() noexcept {
  owner_ = nullptr;
  if (reader_) reader_->lose(nullptr);
  if (!busy_) {
    self().destroy();
    return;
  }
  if (loop_->closed()) return;  // closing destroys what is suspended
  try {
    const failure cancelled(std::make_exception_ptr(cancelled_error("the async generator was destroyed")), created_);
    if (pending* const next = cancel_body(cancelled)) next->ops->cancel(*next, cancelled);
  } catch (const std::bad_alloc&) {  // the body then ends at its next co_yield
  }
}

}  // namespace interloop::detail
