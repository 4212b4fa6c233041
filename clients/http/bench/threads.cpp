// SPDX-License-Identifier: MIT
// The same with a thread for each request that is under way, and cpp-httplib, which blocks.
#include "http.hpp"

#include <httplib.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace bench {
namespace {

void httplib_threads(benchmark::State& state) {
  const std::string url = hello_url();
  const std::string host = url.substr(0, url.rfind('/'));
  std::vector<std::unique_ptr<httplib::Client>> clients;
  for (std::size_t i = 0; i < requests_at_once; ++i) {
    clients.push_back(std::make_unique<httplib::Client>(host));
    clients.back()->set_keep_alive(true);
  }
  for (auto _ : state) {
    std::atomic<std::size_t> right = 0;
    std::vector<std::thread> threads;
    for (const auto& client : clients)
      threads.emplace_back([&right, &client] {
        for (std::size_t i = 0; i < requests / requests_at_once; ++i) {
          const auto got = client->Get("/hello");
          right += got && got->status == 200 && got->body == hello;
        }
      });
    for (std::thread& each : threads) each.join();
    require_all(right);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests));
}

BENCHMARK(httplib_threads)->MeasureProcessCPUTime();

}  // namespace
}  // namespace bench
