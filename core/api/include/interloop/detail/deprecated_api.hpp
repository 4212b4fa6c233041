// SPDX-License-Identifier: MIT
// Members of `api` that use no loop, or the future's own, and are free functions only. They stay for one version, 0.2, so
// that code of the first one compiles, with a warning that says what to write. See docs/upgrading.md.
#pragma once

#include <interloop/failure.hpp>
#include <interloop/future.hpp>
#include <interloop/time.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#define INTERLOOP_DETAIL_FREE_FUNCTION(name) \
  [[deprecated("write interloop::" #name " instead of api::" #name ", which goes away in interloop 0.3")]]

namespace interloop::detail {

/// Each does what the free function of its name does.
class deprecated_api {
 public:
  template <class X>
  INTERLOOP_DETAIL_FREE_FUNCTION(is_future)
  [[nodiscard]] constexpr bool is_future(const X& x) const noexcept {
    return interloop::is_future(x);
  }
  template <class T>
  INTERLOOP_DETAIL_FREE_FUNCTION(is_called)
  [[nodiscard]] bool is_called(const future<T>& f) const {
    return interloop::is_called(f);
  }
  template <class T, class... Value>
  INTERLOOP_DETAIL_FREE_FUNCTION(resolve)
  void resolve(const future<T>& f, Value&&... value) const {
    interloop::resolve(f, std::forward<Value>(value)...);
  }
  template <class T>
  INTERLOOP_DETAIL_FREE_FUNCTION(reject)
  void reject(const future<T>& f, std::source_location where = std::source_location::current()) const {
    interloop::reject(f, where);
  }
  template <class T, class Exception>
    requires(!std::is_same_v<std::remove_cvref_t<Exception>, std::source_location>)
  INTERLOOP_DETAIL_FREE_FUNCTION(reject)
  void reject(const future<T>& f, Exception&& why, std::source_location where = std::source_location::current()) const {
    interloop::reject(f, std::forward<Exception>(why), where);
  }
  template <class T>
  INTERLOOP_DETAIL_FREE_FUNCTION(cancel)
  bool cancel(const future<T>& f, std::string message = "the operation was cancelled",
              std::source_location where = std::source_location::current()) const {
    return interloop::cancel(f, std::move(message), where);
  }
  template <class T, class Callback, class Errback = std::nullptr_t>
  INTERLOOP_DETAIL_FREE_FUNCTION(add_callbacks)
  void add_callbacks(const future<T>& f, Callback&& callback, Errback&& errback = nullptr) const {
    interloop::add_callbacks(f, std::forward<Callback>(callback), std::forward<Errback>(errback));
  }
  INTERLOOP_DETAIL_FREE_FUNCTION(create_failure)
  [[nodiscard]] failure create_failure(std::source_location where = std::source_location::current()) const {
    return interloop::create_failure(where);
  }
  template <class Exception>
    requires(!std::is_same_v<std::remove_cvref_t<Exception>, std::source_location>)
  INTERLOOP_DETAIL_FREE_FUNCTION(create_failure)
  [[nodiscard]] failure
      create_failure(Exception&& exception, std::source_location where = std::source_location::current()) const {
    return interloop::create_failure(std::forward<Exception>(exception), where);
  }
  INTERLOOP_DETAIL_FREE_FUNCTION(failure_message)
  [[nodiscard]] std::string failure_message(const failure& fail) const { return interloop::failure_message(fail); }
  INTERLOOP_DETAIL_FREE_FUNCTION(failure_traceback)
  [[nodiscard]] std::vector<trace_entry> failure_traceback(const failure& fail) const {
    return interloop::failure_traceback(fail);
  }
  INTERLOOP_DETAIL_FREE_FUNCTION(failure_format_traceback)
  [[nodiscard]] std::string failure_format_traceback(const failure& fail) const {
    return interloop::failure_format_traceback(fail);
  }
  INTERLOOP_DETAIL_FREE_FUNCTION(time_ns)
  [[nodiscard]] std::int64_t time_ns() const noexcept { return interloop::time_ns(); }
  INTERLOOP_DETAIL_FREE_FUNCTION(perf_counter_ns)
  [[nodiscard]] std::int64_t perf_counter_ns() const noexcept { return interloop::perf_counter_ns(); }
};

}  // namespace interloop::detail

#undef INTERLOOP_DETAIL_FREE_FUNCTION
