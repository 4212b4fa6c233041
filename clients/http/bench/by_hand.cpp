// SPDX-License-Identifier: MIT
// The same with libcurl alone: a loop over curl_multi_poll, with handles that are used again.
#include "http.hpp"

#include <curl/curl.h>

#include <interloop/version.hpp>

#include <string>
#include <vector>

namespace bench {
namespace {

std::size_t receive(char* bytes, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(bytes, size);
  return size;
}

void by_hand(benchmark::State& state) {
  const std::string url = hello_url();
  CURLM* const multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(requests_at_once));
  std::vector<std::string> bodies(requests_at_once);
  std::vector<CURL*> handles;
  for (std::string& body : bodies) {
    CURL* const each = curl_easy_init();
    curl_easy_setopt(each, CURLOPT_URL, url.c_str());
    curl_easy_setopt(each, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(each, CURLOPT_USERAGENT, "interloop/" INTERLOOP_VERSION);  // the client sends these two too
    curl_easy_setopt(each, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(each, CURLOPT_WRITEFUNCTION, &receive);
    curl_easy_setopt(each, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(each, CURLOPT_PRIVATE, &body);
    handles.push_back(each);
  }
  for (auto _ : state) {
    std::size_t started = 0, ended = 0, right = 0;
    for (CURL* const each : handles) {
      curl_multi_add_handle(multi, each);
      ++started;
    }
    while (ended < requests) {
      int running = 0;
      curl_multi_perform(multi, &running);
      int left = 0;
      while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
        CURL* const done = message->easy_handle;
        const bool received = message->data.result == CURLE_OK;
        long status = 0;
        std::string* body = nullptr;
        curl_easy_getinfo(done, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(done, CURLINFO_PRIVATE, &body);
        right += received && status == 200 && *body == hello;
        ++ended;
        body->clear();
        curl_multi_remove_handle(multi, done);
        if (started < requests) {
          curl_multi_add_handle(multi, done);
          ++started;
        }
      }
      if (ended < requests) curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
    }
    require_all(right);
  }
  for (CURL* const each : handles) curl_easy_cleanup(each);
  curl_multi_cleanup(multi);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests));
}

BENCHMARK(by_hand)->MeasureProcessCPUTime();

}  // namespace
}  // namespace bench
