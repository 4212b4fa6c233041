// SPDX-License-Identifier: MIT
// What does a message cost: at a level that is off, with two named fields to a sink that only asks for the text, and
// with two named fields to a file; compared with spdlog and, for the level that is off, Qt?
//
// All write the same two values. spdlog formats the text before its null sink gets the message, so interloop's sink
// asks for the text too. The cost per thread with two threads is shown as well.
#include <interloop/logger.hpp>
#include <interloop/logging/line_sink.hpp>
#include <interloop/logging/sink.hpp>
#include <interloop/logging/start.hpp>

#include <benchmark/benchmark.h>
#include <fmt/args.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench {

bool qt_disabled_call(int times);  // in logging_qt.cpp

namespace {

using namespace interloop::literals;

// A program's data: known only at run time.
int times() { return 42; }
std::string who() { return "a rabbit"; }

struct text_only_sink : interloop::log_sink {
  void write(const interloop::log_event& event) override { benchmark::DoNotOptimize(event.text().data()); }
};
struct idle_sink : interloop::log_sink {
  void write(const interloop::log_event& event) override { benchmark::DoNotOptimize(&event); }
};

struct to {
  explicit to(std::shared_ptr<interloop::log_sink> sink) : sink_(std::move(sink)) { interloop::add_log_sink(sink_); }
  ~to() { interloop::remove_log_sink(sink_); }
  std::shared_ptr<interloop::log_sink> sink_;
};

// A separate file on the disk, removed at the program's end.
std::string file_name(const char* which) {
  const char* const folder = std::getenv("TMPDIR");
  return std::string(folder ? folder : "/tmp") + "/interloop_bench_" + which + ".log";
}

void disabled_interloop(benchmark::State& state) {
  const to sink(std::make_shared<text_only_sink>());
  const interloop::logger log = interloop::make_logger("bench");
  const int n = times();
  for (auto _ : state) {
    log.debug("Hopping {times} times.", "times"_a = n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void disabled_spdlog(benchmark::State& state) {
  spdlog::logger log("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
  const int n = times();
  for (auto _ : state) {
    log.debug("Hopping {} times.", n);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void disabled_qt(benchmark::State& state) {
  const int n = times();
  for (auto _ : state) {
    benchmark::DoNotOptimize(qt_disabled_call(n));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

// The call is as far away as Qt's, which is in a separate file, for a fair comparison.
[[gnu::noinline]] bool interloop_disabled_call(const interloop::logger& log, int n) {
  log.debug("Hopping {times} times.", "times"_a = n);
  return n > 0;
}
void disabled_interloop_called(benchmark::State& state) {
  const to sink(std::make_shared<text_only_sink>());
  const interloop::logger log = interloop::make_logger("bench");
  const int n = times();
  for (auto _ : state) {
    benchmark::DoNotOptimize(interloop_disabled_call(log, n));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Sink>
void null_interloop(benchmark::State& state) {
  const to sink(std::make_shared<Sink>());
  const interloop::logger log = interloop::make_logger("bench");
  const int n = times();
  const std::string name = who();
  for (auto _ : state) log.info("Hopping {times} times, said {who}.", "times"_a = n, "who"_a = name);
  state.SetItemsProcessed(state.iterations());
}

template <class Sink>
void null_spdlog(benchmark::State& state) {
  spdlog::logger log("bench", std::make_shared<Sink>());
  const int n = times();
  const std::string name = who();
  for (auto _ : state) log.info("Hopping {times} times, said {who}.", fmt::arg("times", n), fmt::arg("who", name));
  state.SetItemsProcessed(state.iterations());
}

// From two threads at a time, each with its own logger; they share the sink.
void threads_interloop(benchmark::State& state) {
  static std::shared_ptr<interloop::log_sink> sink;
  if (state.thread_index() == 0) interloop::add_log_sink(sink = std::make_shared<text_only_sink>());
  const interloop::logger log = interloop::make_logger("bench");
  const int n = times();
  const std::string name = who();
  for (auto _ : state) log.info("Hopping {times} times, said {who}.", "times"_a = n, "who"_a = name);
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) interloop::remove_log_sink(std::exchange(sink, nullptr));
}

void threads_spdlog(benchmark::State& state) {
  static const auto sink = std::make_shared<spdlog::sinks::null_sink_mt>();
  spdlog::logger log("bench", sink);
  const int n = times();
  const std::string name = who();
  for (auto _ : state) log.info("Hopping {times} times, said {who}.", fmt::arg("times", n), fmt::arg("who", name));
  state.SetItemsProcessed(state.iterations());
}

void file_interloop(benchmark::State& state) {
  const std::string path = file_name("interloop");
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (!file) throw std::runtime_error("cannot write " + path);
  {
    const to sink(std::make_shared<interloop::line_sink>(file));
    const interloop::logger log = interloop::make_logger("bench");
    const int n = times();
    const std::string name = who();
    for (auto _ : state) log.info("Hopping {times} times, said {who}.", "times"_a = n, "who"_a = name);
    state.SetItemsProcessed(state.iterations());
  }
  std::fclose(file);
  std::remove(path.c_str());
}

// With the same line: local time with its offset, in seconds, and the text.
void file_spdlog(benchmark::State& state) {
  const std::string path = file_name("spdlog");
  {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, true);
    spdlog::logger log("bench", sink);
    log.set_pattern("%Y-%m-%dT%H:%M:%S%z %v");
    const int n = times();
    const std::string name = who();
    for (auto _ : state) log.info("Hopping {times} times, said {who}.", fmt::arg("times", n), fmt::arg("who", name));
    state.SetItemsProcessed(state.iterations());
  }
  std::remove(path.c_str());
}

BENCHMARK(disabled_interloop);
BENCHMARK(disabled_interloop_called);
BENCHMARK(disabled_qt);
BENCHMARK(disabled_spdlog);
BENCHMARK(null_interloop<text_only_sink>);
BENCHMARK(null_interloop<idle_sink>);
BENCHMARK(null_spdlog<spdlog::sinks::null_sink_st>);
BENCHMARK(null_spdlog<spdlog::sinks::null_sink_mt>);
BENCHMARK(threads_interloop)->Threads(2)->UseRealTime();
BENCHMARK(threads_spdlog)->Threads(2)->UseRealTime();
BENCHMARK(file_interloop);
BENCHMARK(file_spdlog);

}  // namespace
}  // namespace bench
