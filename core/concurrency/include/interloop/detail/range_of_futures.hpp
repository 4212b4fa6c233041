// SPDX-License-Identifier: MIT
// Ranges of futures, for functions that take several at once.
#pragma once

#include <interloop/future.hpp>

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace interloop::detail {

// What a range-based `for` accepts. <ranges> would cost every user's file more than this whole header.
template <class Range>
using element_of = std::remove_cvref_t<decltype(*std::begin(std::declval<Range&>()))>;
template <class Range>
concept range_of_futures = requires(Range& range) {
  std::begin(range) != std::end(range);
  requires is_future_v<element_of<Range>>;
};

template <range_of_futures Range>
auto futures_of(Range&& range) {
  std::vector<element_of<Range>> all;
  if constexpr (requires { std::size(range); }) all.reserve(static_cast<std::size_t>(std::size(range)));
  for (auto&& each : range) all.push_back(each);
  return all;
}

}  // namespace interloop::detail
