// SPDX-License-Identifier: MIT
// What do 1,000 small HTTP requests cost by interloop::http, compared with curl_multi_poll by hand, and with threads that
// use cpp-httplib?
#include "http.hpp"

#include <interloop/http.hpp>

#include "bench/loops.hpp"

namespace bench {
namespace {

namespace http = interloop::http;

class lane {
 public:
  lane(http::client& client, const std::string& url, std::size_t& left, std::size_t& right, interloop::loop& core)
      : client_(client), url_(url), left_(left), right_(right), core_(core) {}

  void next() {
    interloop::add_callbacks(
        client_.get(url_),
        [this](const http::response& got) {
          right_ += got.status == 200 && got.body == hello;
          ended();
        },
        [this](const interloop::failure&) { ended(); });
  }

 private:
  void ended() {
    if (--left_ == 0) return core_.stop();
    if (left_ >= requests_at_once) next();
  }

  http::client& client_;
  const std::string& url_;
  std::size_t& left_;
  std::size_t& right_;
  interloop::loop& core_;
};

template <class On>
[[maybe_unused]] void interloop_http(benchmark::State& state) {
  const std::string url = hello_url();
  On on;
  http::client client(interloop::with_config(on.core()), {.max_connections = requests_at_once});
  for (auto _ : state) {
    std::size_t left = requests, right = 0;
    std::vector<lane> lanes(requests_at_once, lane(client, url, left, right, on.core()));
    for (lane& each : lanes) each.next();
    on.core().run();
    require_all(right);
  }
  client.close();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests));
}

// Not on the manual loop, whose clock stands still: libcurl has a timer for what it does next.
#ifdef BENCH_LOOP
[[maybe_unused]] const bool added = [] {
  visit_loops([]<class On>(const std::string& kind) {
    benchmark::RegisterBenchmark(("interloop_http<on_" + kind + ">").c_str(), &interloop_http<On>)
        ->MeasureProcessCPUTime();
  });
  return true;
}();
#endif

}  // namespace
}  // namespace bench
