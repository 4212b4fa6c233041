// SPDX-License-Identifier: MIT
#include <interloop/failure.hpp>

#include <interloop/detail/place_text.hpp>
#include <interloop/detail/readable.hpp>
#include <interloop/detail/throw_hooks.hpp>
#include <interloop/error.hpp>
#include <interloop/group_error.hpp>

#include "core/failure/stack/capture.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <span>
#include <typeinfo>

namespace interloop {

// One link of the history; `previous` holds the older ones. All links of a failure share the exception. The return
// addresses follow the record in its block of memory.
struct failure::record {
  std::atomic<unsigned> references{1};
  trace_entry::kind what;
  unsigned char count = 0;
  std::source_location where;
  std::exception_ptr exception;
  record* previous = nullptr;

  [[nodiscard]] static record* make(trace_entry::kind step, std::source_location place, std::exception_ptr thrown,
                                    std::span<const std::uintptr_t> addresses = {}) {
    void* block = ::operator new(sizeof(record) + addresses.size_bytes());
    auto* made = ::new (block) record(step, place, std::move(thrown));
    made->count = static_cast<unsigned char>(addresses.size());
    std::copy(addresses.begin(), addresses.end(), reinterpret_cast<std::uintptr_t*>(made + 1));
    return made;
  }
  static void destroy(record* each) noexcept {
    each->~record();
    ::operator delete(each);
  }
  [[nodiscard]] std::span<const std::uintptr_t> addresses() const noexcept {
    return {reinterpret_cast<const std::uintptr_t*>(this + 1), count};
  }

 private:
  record(trace_entry::kind step, std::source_location place, std::exception_ptr thrown)
      : what(step), where(place), exception(std::move(thrown)) {}
};
static_assert(stack::most_addresses <= 255, "they are counted in a byte");

namespace {

std::exception_ptr require_current() {
  std::exception_ptr current = std::current_exception();
  if (!current)
    throw usage_error("no exception is being handled; call this inside a catch block, or pass an exception");
  return current;
}

// Calls `visit(type, text)` with the exception's dynamic type and its text.
template <class Visit>
auto inspect(const std::exception_ptr& thrown, Visit visit) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    const char* what = e.what();  // null is not allowed, but some return it
    return visit(typeid(e), std::string(what ? what : ""));
  } catch (const cancelled_error& e) {
    return visit(typeid(e), std::string(e.what()));
  } catch (const std::string& text) {
    return visit(typeid(text), text);
  } catch (const char* text) {
    return visit(typeid(text), std::string(text ? text : ""));
  } catch (int number) {
    return visit(typeid(number), std::to_string(number));
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return visit(type ? *type : typeid(void), std::string());
  }
}

std::string one_line(const std::type_info& type, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text.empty() ? detail::readable_type(type) : detail::readable_type(type) + ": " + text;
}

const char* verb(trace_entry::kind what, bool caught) noexcept {
  switch (what) {
    case trace_entry::kind::raised:
      return caught ? "caught at" : "raised at";
    case trace_entry::kind::created:
      return "of the future created at";
    case trace_entry::kind::awaited:
      return "awaited at";
  }
  return "at";
}

bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

// Appends lines. The first begins with `first`, unless something above already says where that was.
void append_stack(std::string& text, const std::vector<std::string>& lines, const char* first,
                  std::string_view indent) {
  for (const std::string& line : lines) {
    text.append("\n").append(indent).append(first ? first : "  called from ").append(line);
    first = nullptr;
  }
}

// Appends where the exception was thrown, if that was recorded. Returns whether it was.
bool append_throw(std::string& text, const std::exception_ptr& thrown, std::string_view indent) {
  const std::vector<std::string> lines = detail::throw_lines(thrown);
  append_stack(text, lines, "thrown at ", indent);
  return !lines.empty();
}

std::string message_of(const std::exception_ptr& thrown) { return inspect(thrown, one_line); }

// The exception nested in one of any type, or null.
std::exception_ptr cause_of(const std::exception_ptr& outer) {
  try {
    std::rethrow_exception(outer);
  } catch (const std::nested_exception& nested) {
    return nested.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

void append_cause(std::string& text, const std::exception_ptr& cause) {
  text.append("\n  caused by ").append(message_of(cause));
  append_throw(text, cause, "    ");
}

void append_causes(std::string& text, const std::exception_ptr& outermost);

// The members of a group_error, each with its own causes.
void append_members(std::string& text, const std::exception_ptr& group) {
  try {
    std::rethrow_exception(group);
  } catch (const group_error& several) {
    for (const failure& each : several.failures()) {
      append_cause(text, each.exception());
      append_causes(text, each.exception());
    }
  } catch (...) {
  }
}

void append_causes(std::string& text, const std::exception_ptr& outermost) {
  append_members(text, outermost);
  for (std::exception_ptr cause = cause_of(outermost); cause; cause = cause_of(cause)) {
    append_cause(text, cause);
    append_members(text, cause);
  }
}

}  // namespace

// Never inlined: the walk begins at its frame, so that its caller is the first function recorded.
[[gnu::noinline]] failure::failure(std::source_location where) : record_(nullptr) {
  std::exception_ptr current = require_current();
  std::array<std::uintptr_t, stack::most_addresses> room;
  std::size_t count = 0;
  if (!detail::throws_are_noted()) {
    stack::forget_rules_of_the_unloaded();
    count = stack::capture(__builtin_frame_address(0), room);
  }
  record_ = record::make(trace_entry::kind::raised, where, std::move(current), std::span(room).first(count));
}

failure::failure(std::exception_ptr exception, std::source_location where) : record_(nullptr) {
  if (!exception) throw usage_error("create_failure: the exception_ptr is null; pass an exception");
  record_ = record::make(trace_entry::kind::raised, where, std::move(exception));
}

const failure& failure::out_of_memory() noexcept {
  static const failure made(std::make_exception_ptr(std::bad_alloc()));
  return made;
}

failure failure::of(std::exception_ptr exception, std::source_location where) noexcept {
  try {
    return failure(std::move(exception), where);
  } catch (...) {
    return out_of_memory();
  }
}

failure failure::as_error() const noexcept {
  if (!is<cancelled_error>()) return *this;
  try {
    record* head = record::make(record_->what, record_->where, std::make_exception_ptr(operation_cancelled(message())),
                                record_->addresses());
    head->previous = record_->previous;
    retain(head->previous);
    return failure(head);
  } catch (...) {
    return out_of_memory();
  }
}

void failure::retain(record* shared) noexcept {
  if (shared) shared->references.fetch_add(1, std::memory_order_relaxed);  // the caller holds a reference already
}

void failure::release(record* shared) noexcept {
  // Acquire-release: the last one to release must see all that the others did with the record.
  while (shared && shared->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    record* previous = shared->previous;
    record::destroy(shared);
    shared = previous;
  }
}

const std::exception_ptr& failure::exception() const noexcept { return record_->exception; }

const std::type_info* failure::thrown_type() const noexcept {
#ifdef __GLIBCXX__
  return exception().__cxa_exception_type();
#else
  return nullptr;
#endif
}

std::string failure::type_name() const {
  return inspect(exception(),
                 [](const std::type_info& type, const std::string&) { return detail::readable_type(type); });
}

std::string failure::message() const {
  return inspect(exception(), [](const std::type_info&, std::string text) { return text; });
}

std::vector<trace_entry> failure::trace() const {
  std::vector<trace_entry> steps;
  for (const record* at = record_; at; at = at->previous)
    if (at->where.line() != 0) steps.push_back({at->what, at->where});
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::vector<std::uintptr_t> failure::catch_addresses() const {
  const record* first = record_;
  while (first->previous) first = first->previous;
  return {first->addresses().begin(), first->addresses().end()};
}

failure failure::extended(trace_entry::kind what, std::source_location where) const noexcept {
  record* longer = nullptr;
  try {
    longer = record::make(what, where, record_->exception);
  } catch (...) {
    return *this;
  }
  retain(record_);
  longer->previous = record_;
  return failure(longer);
}

std::string failure_message(const failure& fail) { return message_of(fail.exception()); }

std::vector<trace_entry> failure_traceback(const failure& fail) { return fail.trace(); }

std::string failure_format_traceback(const failure& fail) {
  std::string text = "Traceback (first cause first):";
  const bool thrown = append_throw(text, fail.exception(), "  ");
  const std::vector<trace_entry> steps = fail.trace();
  const bool raised = !steps.empty() && steps.front().what == trace_entry::kind::raised;
  const std::vector<std::uintptr_t> addresses = fail.catch_addresses();
  const std::vector<std::string> callers =
      detail::catch_lines(addresses, raised ? steps.front().where : std::source_location());
  if (!raised) append_stack(text, callers, "caught at ", "  ");
  const trace_entry* before = nullptr;
  for (const trace_entry& step : steps) {
    // If a coroutine failed in the same place as it was created, one line says both.
    const bool said = before && step.what == trace_entry::kind::created && same_place(step.where, before->where);
    before = &step;
    if (said) continue;
    text += std::string("\n  ") + verb(step.what, thrown || !addresses.empty()) + ' ' + detail::place_text(step.where) +
            " in " + detail::readable_function(step.where.function_name());
    if (raised && &step == &steps.front()) append_stack(text, callers, nullptr, "  ");
  }
  text.append("\n").append(message_of(fail.exception()));
  append_causes(text, fail.exception());
  return text;
}

}  // namespace interloop
