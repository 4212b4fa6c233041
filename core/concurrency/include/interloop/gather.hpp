// SPDX-License-Identifier: MIT
// Waiting for several futures at once.
#pragma once

#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/range_of_futures.hpp>
#include <interloop/future.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <source_location>
#include <tuple>
#include <utility>
#include <vector>

namespace interloop {

/// What `gather` does with a failure: `yes` puts it in its place among the results, `no` fails the whole with the first
/// one.
enum class consume_exceptions : bool { no, yes };

namespace detail {

/// What to do with failures, and where `gather` was called: a default argument cannot follow the pack of futures.
struct gather_call {
  interloop::consume_exceptions consume;
  std::source_location where;
  gather_call(interloop::consume_exceptions how, std::source_location place = std::source_location::current()) noexcept
      : consume(how), where(place) {}
};

/// What the gathered futures have in common. Counted by their continuations; `Results` knows the places.
///
/// It keeps the gathered futures, as a waiter, so that they can be cancelled until the outcome is known.
template <class Results>
class gathering {
 public:
  using value_type = typename Results::value_type;

  gathering(future<value_type> done, Results results, bool consume)
      : done_(std::move(done)), results_(std::move(results)), remaining_(results_.size()), consume_(consume) {}

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  template <class T>
  void arrived(std::optional<result<T>>& place, future_state<T>& state) {
    if (is_called(done_)) return;  // failed or cancelled meanwhile
    if (state.status() == status::failed) {
      if (!consume_) {
        fail(done_, state.get_failure().extended(trace_entry::kind::awaited, future_access::state(done_).created()),
             "gather");
        results_.forget();
        return;
      }
      place.emplace(state.get_failure());
    } else {
      try {
        if constexpr (copyable<stored<T>>::value) {
          place.emplace(state.require_value());
        } else {
          place.emplace(state.take_value(1));
        }
      } catch (...) {  // its copy threw, or it was taken already
        if (!consume_) throw;
        place.emplace(failure::of(std::current_exception(), future_access::state(done_).created()));
      }
    }
    if (--remaining_ == 0) finish();
  }

  /// A continuation failed to take its value, or there was no memory for the results: fails the whole.
  void broken() {
    if (!is_called(done_)) {
      const std::source_location created = future_access::state(done_).created();
      fail(done_, failure::of(std::current_exception(), created), "gather");
    }
    results_.forget();
  }

  /// The loop of a gathered future was closed, so its result never arrives. The whole may be on another loop.
  void lost(const failure& why) {
    if (!is_called(done_) && !done_.loop().closed()) fail(done_, why, "gather");
    results_.forget();
  }

  void finish() {
    value_type all = results_.collect();
    results_.forget();
    resolve(done_, std::move(all));
  }

  void cancel_all() {
    const state_ptr<gathering> keep(this);
    results_.for_each_future([](const auto& each) { cancel(each, "the gather was cancelled"); });
    results_.forget();
  }

  Results& results() noexcept { return results_; }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  /// From the future that the caller gets, whose canceller knows this.
  static constexpr look_edge way() {
    look_edge found = way_to_futures<decltype(Results::futures)>();
    found.steps = 1;
    found.path[0] = look_access<future_core>::canceller_capture;
    found.at = __builtin_offsetof(gathering, results_) + __builtin_offsetof(Results, futures);
    return found;
  }
#pragma GCC diagnostic pop

 private:
  unsigned references_ = 0;
  future<value_type> done_;
  Results results_;
  std::size_t remaining_;
  bool consume_;
};

/// The continuation of one gathered future.
template <class T, class Results>
struct gathered final : continuation {
  state_ptr<gathering<Results>> whole;
  std::optional<result<T>>* place;

  gathered(state_ptr<gathering<Results>> all, std::optional<result<T>>* in)
      : continuation{&code_of}, whole(std::move(all)), place(in) {}

  static void code_of(continuation& base, future_core& core, visit how, std::size_t& size) {
    size = sizeof(gathered);
    if (how == visit::cancel) return;
    auto& self = static_cast<gathered&>(base);
    struct destroyer {
      gathered& self;
      ~destroyer() { self.~gathered(); }
    } guard{self};
    if (how == visit::destroy) {
      if (core.loop().closed()) self.whole->lost(loop_access::closing_failure(core.loop()));
      return;
    }
    core.mark_observed();
    try {
      self.whole->arrived(*self.place, static_cast<future_state<T>&>(core));
    } catch (...) {
      self.whole->broken();
    }
  }
};

template <class T>
struct vector_results {
  using value_type = std::vector<result<T>>;
  std::vector<awaited<T>> futures;
  std::vector<std::optional<result<T>>> places;

  explicit vector_results(const std::vector<future<T>>& all) : futures(all.begin(), all.end()), places(all.size()) {}
  [[nodiscard]] std::size_t size() const noexcept { return places.size(); }
  void forget() noexcept { std::vector<awaited<T>>().swap(futures); }
  template <class Visit>
  void for_each_future(Visit visit) {
    std::vector<future<T>> now;
    now.reserve(futures.size());
    for (const awaited<T>& each : futures) now.push_back(each.get());
    for (const future<T>& each : now) visit(each);
  }
  value_type collect() {
    value_type all;
    all.reserve(places.size());
    for (auto& place : places) all.push_back(std::move(*place));
    return all;
  }
};

template <class... Ts>
struct tuple_results {
  using value_type = std::tuple<result<Ts>...>;
  std::tuple<awaited<Ts>...> futures;
  std::tuple<std::optional<result<Ts>>...> places;

  explicit tuple_results(const future<Ts>&... all) : futures(awaited<Ts>(all)...) {}
  [[nodiscard]] std::size_t size() const noexcept { return sizeof...(Ts); }
  void forget() noexcept { std::exchange(futures, {}); }
  template <class Visit>
  void for_each_future(Visit visit) {
    const auto now = std::apply([](const auto&... each) { return std::tuple<future<Ts>...>(each.get()...); }, futures);
    std::apply([&](const auto&... each) { (visit(each), ...); }, now);
  }
  value_type collect() {
    return std::apply([](auto&... place) { return value_type(std::move(*place)...); }, places);
  }
};

/// What the whole's future is: as every future, except for readers of memory.
template <class Results>
struct gather_operations {
  using state = future_state<typename Results::value_type>;
  static constexpr look_edge way = gathering<Results>::way();
  static constexpr look about = look_of_future("gather", look::kind::several, 0, &way, 1);
  static constexpr pending::operations table = state::table_with(&state::do_cancel, nullptr, &about);

  static future<typename Results::value_type> make(loop& core, std::source_location where) {
    loop_access::require_open(core, "gather");
    unsigned char kind;
    void* const block = state::allocate(core, kind);
    auto* const made = ::new (block) state(core, where, kind, table);
    return future_access::wrap<typename Results::value_type>({typename state_ptr<state>::adopt{}, made});
  }
};

template <class Results>
auto start_gathering(loop& core, Results results, bool consume, std::source_location where) {
  auto done = gather_operations<Results>::make(core, where);
  const state_ptr<gathering<Results>> whole(new gathering<Results>(done, std::move(results), consume));
  if (whole->results().size() == 0) {
    whole->finish();
    return std::pair(done, whole);
  }
  // The gathering lives at least as long as `done` is pending: each gathered future's continuation keeps it, and none
  // is destroyed without either being counted or completing `done`.
  add_canceller(done, [all = whole.get()] { all->cancel_all(); });
  return std::pair(done, whole);
}

template <class T, class Results>
void join(const future<T>& each, const state_ptr<gathering<Results>>& whole, std::optional<result<T>>& place) {
  auto& state = future_access::state(each);
  detail::loop_access::require_open(state.loop(), "gather");
  state.template add<gathered<T, Results>>(whole, &place);
}

template <class T>
future<std::vector<result<T>>> gather_vector(loop& core, std::vector<future<T>> futures, bool consume,
                                             std::source_location where) {
  for (const future<T>& each : futures)
    static_cast<void>(each.loop());  // an empty handle is refused before anything is done
  auto [done, whole] = start_gathering(core, vector_results<T>(futures), consume, where);
  for (std::size_t i = 0; i < futures.size(); ++i) join(futures[i], whole, whole->results().places[i]);
  return done;
}

template <class... Ts>
future<std::tuple<result<Ts>...>> gather_tuple(loop& core, bool consume, std::source_location where,
                                               const future<Ts>&... futures) {
  (static_cast<void>(futures.loop()), ...);
  auto [done, whole] = start_gathering(core, tuple_results<Ts...>(futures...), consume, where);
  std::apply([&](auto&... place) { (join(futures, whole, place), ...); }, whole->results().places);
  return done;
}

}  // namespace detail
}  // namespace interloop
