// SPDX-License-Identifier: MIT
// A user of the installed component: nobody listens on port 1, so it needs no server.

#include HEADER

#include <cstdio>
#include <interloop/http.hpp>
#include <interloop/interloop.hpp>

int main() {
  interloop::LOOP_CLASS owner;
  interloop::http::client client(interloop::with_config(*owner));
  const auto got = client.get("http://127.0.0.1:1/");
  interloop::add_callbacks(got, [&](const auto&) { owner->stop(); }, [&](const interloop::failure&) { owner->stop(); });
  owner->run();
  std::puts(got.get_failure() && got.get_failure()->is<interloop::http::http_error>() ? "ok" : "a response");
}
