// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace demo {

item::item(std::uint64_t number, std::uint64_t seed) noexcept {
  constexpr std::string_view prefix = "interloop:demo:";
  prefix.copy(key_, prefix.size());
  // Few enough keys for the server's memory, far more than can be in flight at once.
  key_length_ =
      static_cast<std::size_t>(std::to_chars(key_ + prefix.size(), key_ + sizeof key_, number % 65536).ptr - key_);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15 + number;  // splitmix64
  for (std::size_t at = 0; at < sizeof value_; at += sizeof state) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    std::memcpy(value_ + at, &mixed, sizeof mixed);
  }
  value_[0] = '\0';
}

measurement::measurement(const options& given) : given_(given), items_((given.commands + 1) / 2) {
  latencies_.reserve(items_ * 2);
  start_ = end_ = clock::now();
  cpu_start_ = std::clock();
}

bool measurement::next(item& into) noexcept {
  if (given_out_ == items_) return false;
  into = item(given_out_++, given_.seed);
  return true;
}

void measurement::done(clock::time_point sent, bool expected) noexcept {
  end_ = clock::now();
  latencies_.push_back(end_ - sent);  // within the space that the constructor reserved
  if (!expected) ++wrong_;
}

void measurement::failed(std::string_view why) {
  if (failed_++ == 0) first_failure_ = why;
}

int measurement::report(std::string_view loop, std::string_view style) {
  const std::chrono::duration<double> took = end_ - start_;
  const double cpu = static_cast<double>(std::clock() - cpu_start_) / CLOCKS_PER_SEC;
  const double count = static_cast<double>(std::max<std::size_t>(latencies_.size(), 1));
  const auto percentile = [this](std::size_t percent) -> double {
    if (latencies_.empty()) return 0;
    const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>((latencies_.size() - 1) * percent / 100);
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return std::chrono::duration<double, std::micro>(*at).count();
  };
  std::printf("loop=%.*s style=%.*s ", static_cast<int>(loop.size()), loop.data(), static_cast<int>(style.size()),
              style.data());
  std::printf("done=%zu failed=%llu wrong=%llu ", latencies_.size(), static_cast<unsigned long long>(failed_),
              static_cast<unsigned long long>(wrong_));
  std::printf("per_second=%.0f p50_us=%.1f p99_us=%.1f cpu_us=%.2f\n", count / std::max(took.count(), 1e-9),
              percentile(50), percentile(99), cpu * 1e6 / count);
  if (failed_ != 0) std::fprintf(stderr, "first failure: %s\n", first_failure_.c_str());
  return failed_ == 0 && wrong_ == 0 && latencies_.size() == items_ * 2 ? 0 : 1;
}

}  // namespace demo
