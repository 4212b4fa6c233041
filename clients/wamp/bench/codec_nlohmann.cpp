// SPDX-License-Identifier: MIT
// The messages of codec.cpp by nlohmann's library. A file of its own: with it in the same one, g++ inlines less of
// msgpack-cxx.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace {

using answer = std::tuple<std::int64_t, std::string, double>;

const std::string procedure = "com.example.sensors.height";
const std::string unit = "metres above the sea";

void encode_call_by_nlohmann(benchmark::State& state) {
  std::vector<std::uint8_t> to;
  std::uint64_t id = 1'000'000;
  for (auto _ : state) {
    to.clear();
    nlohmann::json::to_msgpack({48, ++id, nlohmann::json::object(), procedure, {42, unit, 2.5}}, to);
    benchmark::DoNotOptimize(to.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_call_by_nlohmann);

void decode_result_by_nlohmann(benchmark::State& state) {
  const auto bytes = nlohmann::json::to_msgpack({50, 1'000'000, nlohmann::json::object(), {42, unit, 2.5}});
  for (auto _ : state) {
    const auto got = nlohmann::json::from_msgpack(bytes);
    const auto read = got[3].get<answer>();
    if (std::get<0>(read) != 42 || got[1].get<std::uint64_t>() != 1'000'000)
      throw std::runtime_error("the message is wrong");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_result_by_nlohmann);

}  // namespace
