// SPDX-License-Identifier: MIT
// The library of retry.hpp in a coroutine of Boost.Asio, and an operation of Asio in a coroutine of interloop.
#if defined(__clang__)  // older releases know only the experimental coroutines of clang
#define BOOST_ASIO_HAS_CO_AWAIT 1
#define BOOST_ASIO_HAS_STD_COROUTINE 1
#endif

#include <cstdio>
#include <interloop/adapters/boost_asio_tokens.hpp>

#include <boost/asio.hpp>

#include "retry.hpp"

// [both]
interloop::future<std::string> fetch_later(boost::asio::steady_timer& timer) {
  timer.expires_after(std::chrono::milliseconds(1));
  co_await timer.async_wait(interloop::use_future);  // an operation of Asio, awaited by a coroutine of interloop
  co_return co_await fetch();
}

boost::asio::awaitable<void> show(boost::asio::io_context& context) {
  boost::asio::steady_timer timer(context);
  const auto answer = retry(interloop::with_config(), 5, [&] { return fetch_later(timer); });
  std::puts(
      (co_await interloop::async_get(answer, boost::asio::use_awaitable)).c_str());  // a future, awaited by one of Asio
}

int main() {
  boost::asio::io_context context;
  interloop::use_boost_asio(context);
  boost::asio::co_spawn(context, show(context), boost::asio::detached);
  context.run();
  interloop::close();
}
// [/both]
