// SPDX-License-Identifier: MIT
// The library of retry.hpp on Boost.Asio.
#include <cstdio>
#include <interloop/adapters/boost_asio.hpp>

#include "retry.hpp"

// [main]
int main() {
  boost::asio::io_context context;
  interloop::use_boost_asio(context);

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [](const std::string& text) { std::puts(text.c_str()); });

  context.run();  // returns when nothing is pending
  interloop::close();
}
// [/main]
