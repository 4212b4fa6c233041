// SPDX-License-Identifier: MIT
// Waiting for the first of several futures.
#pragma once

#include <interloop/detail/driven.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/range_of_futures.hpp>
#include <interloop/error.hpp>
#include <interloop/future.hpp>
#include <interloop/group_error.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <source_location>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace interloop {

/// Which future is the first: the first to be completed, by a value or by a failure, or the first to give a value.
enum class race : bool { to_complete, to_succeed };

/// What `first_of` does after it has cancelled the losers: `awaited` waits until they have ended, `not_awaited` does
/// not.
enum class losers : bool { awaited, not_awaited };

/// What `first_of` of a range gives: which future was the first, and its value (`std::monostate` for `void`).
template <class T>
struct first_result {
  std::size_t index;
  detail::stored<T> value;
};

/// How to race, and where `first_of` was called: a default argument cannot follow the pack of futures.
struct first_of_call {
  race which;
  losers rest;
  std::source_location where;
  first_of_call(race first, losers others = losers::awaited,
                std::source_location place = std::source_location::current()) noexcept
      : which(first), rest(others), where(place) {}
  first_of_call(losers others, std::source_location place = std::source_location::current()) noexcept
      : first_of_call(race::to_complete, others, place) {}
};

namespace detail {

/// What cancels the losers.
[[nodiscard]] failure lost_the_race(std::source_location where) noexcept;

/// Drives the future that `first_of` returns. `Entrants` knows the futures, which it holds as a waiter.
template <class Entrants>
class racing final : public driver<typename Entrants::value_type, racing<Entrants>> {
  using base = driver<typename Entrants::value_type, racing<Entrants>>;
  friend base;

 public:
  /// A future has ended: by a value, or in any other way.
  void arrived(future_core& ended) noexcept {
    --running_;
    if (this->state().loop().closed()) return;  // which fails the race's future
    if (!decided_) decide(ended);
    if (decided_ && (running_ == 0 || !awaits_) && this->is_pending()) end();
  }

  /// Not all futures could be added: nothing more happens.
  void give_up() noexcept {
    decided_ = true;
    awaits_ = false;
    this->state().mark_observed();
    this->finish(loop_access::closing_failure(this->state().loop()));
  }

  [[nodiscard]] const Entrants& entrants() const noexcept { return entrants_; }
  [[nodiscard]] bool decided() const noexcept { return decided_; }

  static constexpr const char* name = "first_of";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  static constexpr look_edge way() {
    look_edge found = way_to_futures<decltype(Entrants::futures)>();
    found.at = __builtin_offsetof(racing, entrants_) + __builtin_offsetof(Entrants, futures);
    return found;
  }
#pragma GCC diagnostic pop

 private:
  racing(Entrants all, race which, losers rest, std::source_location where)
      : entrants_(std::move(all)),
        running_(entrants_.size()),
        where_(where),
        needs_value_(which == race::to_succeed),
        awaits_(rest == losers::awaited) {}
  ~racing() = default;

  // Called while the race's future is pending.
  void cancel(const failure& why) noexcept {
    const bool was_decided = decided_;
    if (!was_decided) {
      stopped_ = why;
      needs_value_ = true;  // a future that is resolved nevertheless has not lost its value
    }
    cancel_running(why);
    if (was_decided || awaits_ || decided_ || !this->is_pending()) return;
    decided_ = true;
    outcome_ = why;
    end();
  }

  void cancel_running(const failure& why) noexcept {
    entrants_.visit([&](std::size_t, future_core& each) {
      each.cancel(why);
      return false;
    });
  }

  void decide(future_core& ended) noexcept {
    if (needs_value_ && ended.status() != status::value) {
      if (ended.status() == status::failed) ended.mark_observed();
      if (running_ > 0) return;
      decided_ = true;
      outcome_ = stopped_ ? *stopped_ : entrants_.all_failed(where_);
      return;
    }
    // Ties: of those that have ended by now, the first argument counts.
    std::size_t winner = 0;
    bool failed = false;
    entrants_.visit([&](std::size_t index, future_core& each) {
      if (needs_value_ ? each.status() != status::value : each.is_pending()) return false;
      winner = index;
      failed = each.status() == status::failed;
      return true;
    });
    decided_ = true;
    try {
      if (failed) {
        outcome_ = entrants_.why_not(winner, where_);
      } else {
        entrants_.take(winner, this->state());
      }
    } catch (...) {  // it was taken elsewhere, or its copy threw
      outcome_ = entrants_.why_not(winner, where_);
    }
    if (running_ > 0) cancel_running(lost_the_race(where_));
  }

  void end() noexcept {
    if (!outcome_) return this->finish();
    if (stopped_) this->state().mark_observed();  // the caller asked for it
    this->finish(*outcome_);
  }

  Entrants entrants_;
  std::optional<failure> stopped_;  // the race was cancelled before anybody had won
  std::optional<failure> outcome_;  // once decided, unless a value is in place
  std::size_t running_;             // whose end was not seen yet
  std::source_location where_;
  bool needs_value_;
  bool awaits_;
  bool decided_ = false;
};

/// The continuation of one future in a race.
template <class T, class Entrants>
struct entrant final : continuation {
  racing<Entrants>* whole;

  explicit entrant(racing<Entrants>& all) noexcept : continuation{&code_of}, whole(&all) { all.retain(); }

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(entrant);
    if (how == visit::cancel) return;
    const state_ptr<racing<Entrants>> whole(typename state_ptr<racing<Entrants>>::adopt{},
                                            static_cast<entrant&>(base).whole);
    static_cast<entrant&>(base).~entrant();
    if (whole->decided() && core.status() == status::failed && !core.observed() &&
        static_cast<future_state<T>&>(core).get_failure().template is<cancelled_error>())
      core.mark_observed();  // the race has cancelled it
    whole->arrived(core);
  }
};

/// The failure of a future that has ended without a value that can be used: its own, or that of the `catch` block.
template <class T>
failure failure_of_entrant(future_state<T>& state, std::source_location where) noexcept {
  if (state.status() == status::failed) {
    state.mark_observed();
    return state.get_failure().extended(trace_entry::kind::awaited, where);
  }
  return failure::of(std::current_exception(), where);
}

/// The failures of futures that have all ended without a value.
template <class T>
void collect_failure(std::vector<failure>& all, future_state<T>& state, std::source_location where) {
  try {
    if (state.status() != status::failed) throw_no_value(state.status());
  } catch (...) {
    all.push_back(failure::of(std::current_exception(), where));
    return;
  }
  all.push_back(failure_of_entrant(state, where));
}

template <class T>
struct entrants_of_range {
  using value_type = first_result<T>;
  std::vector<awaited<T>> futures;

  explicit entrants_of_range(const std::vector<future<T>>& all) : futures(all.begin(), all.end()) {}
  [[nodiscard]] std::size_t size() const noexcept { return futures.size(); }
  /// Calls `fn(index, state)` in the order of the arguments, until it returns true.
  template <class F>
  void visit(F fn) const {
    for (std::size_t i = 0; i < futures.size(); ++i)
      if (fn(i, futures[i].state())) return;
  }
  void take(std::size_t index, future_state<value_type>& into) const {
    into.set_value(value_type{index, futures[index].state().take_value(1)});
  }
  [[nodiscard]] failure why_not(std::size_t index, std::source_location where) const noexcept {
    return failure_of_entrant(futures[index].state(), where);
  }
  [[nodiscard]] failure all_failed(std::source_location where) const noexcept {
    std::vector<failure> all;
    try {
      for (const auto& each : futures) collect_failure(all, each.state(), where);
    } catch (...) {  // no memory
    }
    return failure_of_all(std::move(all), where);
  }
};

template <class... Ts>
struct entrants_of_types {
  using value_type = std::variant<stored<Ts>...>;
  std::tuple<awaited<Ts>...> futures;

  explicit entrants_of_types(const future<Ts>&... all) : futures(awaited<Ts>(all)...) {}
  [[nodiscard]] static constexpr std::size_t size() noexcept { return sizeof...(Ts); }
  template <class F>
  void visit(F fn) const {
    std::size_t index = 0;
    std::apply([&](const auto&... each) { static_cast<void>((fn(index++, each.state()) || ...)); }, futures);
  }
  void take(std::size_t index, future_state<value_type>& into) const {
    take_from(index, into, std::index_sequence_for<Ts...>());
  }
  [[nodiscard]] failure why_not(std::size_t index, std::source_location where) const noexcept {
    std::optional<failure> why;
    std::size_t at = 0;
    std::apply(
        [&](const auto&... each) {
          static_cast<void>(((at++ == index && (why = failure_of_entrant(each.state(), where), true)) || ...));
        },
        futures);
    return *why;
  }
  [[nodiscard]] failure all_failed(std::source_location where) const noexcept {
    std::vector<failure> all;
    try {
      std::apply([&](const auto&... each) { (collect_failure(all, each.state(), where), ...); }, futures);
    } catch (...) {  // no memory
    }
    return failure_of_all(std::move(all), where);
  }

 private:
  template <std::size_t... Indices>
  void take_from(std::size_t index, future_state<value_type>& into, std::index_sequence<Indices...>) const {
    static_cast<void>(
        ((Indices == index &&
          (into.set_value(std::in_place_index<Indices>, std::get<Indices>(futures).state().take_value(1)), true)) ||
         ...));
  }
};

template <class Entrants, class... Futures>
auto start_race(loop& core, Entrants all, const first_of_call& call) {
  const auto whole =
      racing<Entrants>::make(core, "first_of", call.where, std::move(all), call.which, call.rest, call.where);
  try {
    whole->entrants().visit([&]<class T>(std::size_t, future_state<T>& each) {
      loop_access::require_open(each.loop(), "first_of");
      each.template add<entrant<T, Entrants>>(*whole);
      return false;
    });
  } catch (...) {
    whole->give_up();
    throw;
  }
  return whole->get_future();
}

template <class T>
future<first_result<T>> first_of_vector(const std::vector<future<T>>& futures, const first_of_call& call) {
  if (futures.empty())
    throw_usage("first_of: the range is empty, so no future could be the first; pass at least one future");
  for (const future<T>& each : futures)
    static_cast<void>(each.loop());  // an empty handle is refused before anything is done
  return start_race(futures.front().loop(), entrants_of_range<T>(futures), call);
}

template <class First, class... Rest>
auto first_of_types(const first_of_call& call, const future<First>& first, const future<Rest>&... rest) {
  (static_cast<void>(rest.loop()), ...);
  return start_race(first.loop(), entrants_of_types<First, Rest...>(first, rest...), call);
}

}  // namespace detail

/// A future of the first of `futures`, as a `std::variant` with one alternative per argument (`std::monostate` for
/// `void`): its `index()` says which future was the first. If the first one has failed, the returned future fails with
/// that failure.
///
/// If several have ended by the time that the loop looks, the first argument among them counts. The others are then
/// cancelled, in the order of the arguments, and the returned future is completed when they have ended, because
/// coroutines may have to clean up; with `losers::not_awaited`, at once. A loser's value stays in its future, and its
/// failure is reported if nobody looks at it, unless it is `cancelled_error`.
///
/// With `race::to_succeed`, failures do not count as long as another future may give a value. If all fail, the returned
/// future fails with all failures, in the order of the arguments: see `group_error`.
///
/// Cancelling the returned future cancels all of them, and it fails with `cancelled_error` when they have ended. But if
/// one of them has given a value, that is the result.
///
/// Values are moved if nobody else has a handle or waits, and copied otherwise; move-only ones are moved.
/// In the loop's thread. The returned future belongs to the loop of the first argument. One allocation, a vector for a
/// range, and one per future that has a canceller and a callback. Errors: `usage_error` for an empty handle or range,
/// `loop_closed`, `std::bad_alloc`; nothing is cancelled then.
/// Source: asyncio `wait(FIRST_COMPLETED)`, Boost.Cobalt `left_race`, folly `collectAnyWithoutException`.
template <class First, class... Rest>
[[nodiscard]] auto first_of(const future<First>& first, const future<Rest>&... rest) {
  return detail::first_of_types({race::to_complete, losers::awaited, std::source_location{}}, first, rest...);
}
/// \param call  a `race`, a `losers`, or both in braces. With it, tracebacks say where the futures were raced.
template <class First, class... Rest>
[[nodiscard]] auto first_of(first_of_call call, const future<First>& first, const future<Rest>&... rest) {
  return detail::first_of_types(call, first, rest...);
}

/// The same for any range of futures of one type; gives a `first_result`.
template <class Range>
  requires detail::range_of_futures<Range>
[[nodiscard]] auto first_of(Range&& futures, std::source_location where = std::source_location::current()) {
  return detail::first_of_vector(detail::futures_of(std::forward<Range>(futures)),
                                 {race::to_complete, losers::awaited, where});
}
template <class Range>
  requires detail::range_of_futures<Range>
[[nodiscard]] auto first_of(first_of_call call, Range&& futures) {
  return detail::first_of_vector(detail::futures_of(std::forward<Range>(futures)), call);
}

}  // namespace interloop
