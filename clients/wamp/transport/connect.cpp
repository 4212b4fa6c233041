// SPDX-License-Identifier: MIT
#include "../transport.hpp"
#include "rawsocket.hpp"
#include "url.hpp"
#include "websocket.hpp"

#include <interloop/coroutine.hpp>
#include <interloop/wamp/error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace interloop::wamp {
namespace {

streams::connection_options connection_options(const transport_url& url, const transport_options& options) {
  streams::connection_options wanted{.client = "wamp", .time_limit = options.connect_timeout};
  wanted.acknowledge_at_once = true;  // Crossbar leaves Nagle's algorithm on, whatever its option tcp_nodelay says
  if (url.secure) wanted.tls = streams::tls_parameters::from(options.tls);
  return wanted;
}

void require(const transport_options& options) {
  if (options.serializers.empty()) throw usage_error("transport_options: name at least one serializer");
  if (options.largest == 0) throw usage_error("transport_options: the largest message must not be of no bytes");
  if (options.connect_timeout < duration::zero() || options.ping_interval < duration::zero() ||
      options.ping_timeout <= duration::zero())
    throw usage_error("transport_options: a time limit is negative, or ping_timeout is zero");
}

/// One connection for each serializer, until one is accepted: RawSocket can ask for one only.
future<std::unique_ptr<transport>> connect_rawsocket(api async, transport_url url, transport_options options) {
  streams::connection_options how = connection_options(url, options);
  const time_point end = async.now() + options.connect_timeout;
  for (std::size_t i = 0;; ++i) {
    const auto made = std::make_shared<rawsocket_link>(async, how, options.serializers[i], options);
    std::unique_ptr<transport> handle = make_handle(made);  // closes what is not handed over
    std::optional<failure> problem;
    try {
      co_await made->connect(url.where);
      co_return std::move(handle);
    } catch (const connection_error&) {
      problem = create_failure();
    }
    const bool limited = options.connect_timeout > duration::zero();
    if (limited) how.time_limit = end - async.now();
    const bool again = made->refused_serializer() && i + 1 < options.serializers.size() &&
                       (!limited || how.time_limit > duration::zero());
    if (!again) problem->rethrow();
  }
}

future<std::unique_ptr<transport>> connect_websocket(api async, transport_url url, transport_options options) {
  const streams::address where = url.where;
  streams::connection_options how = connection_options(url, options);
  const auto made = std::make_shared<websocket_link>(async, std::move(how), std::move(url), options);
  std::unique_ptr<transport> handle = make_handle(made);  // closes what is not handed over
  co_await made->connect(where);
  co_return std::move(handle);
}

}  // namespace

future<std::unique_ptr<transport>> connect_transport(api async, const transport_options& options) {
  transport_url url = parse_url(options.url);
  require(options);
  return url.websocket ? connect_websocket(async, std::move(url), options)
                       : connect_rawsocket(async, std::move(url), options);
}

}  // namespace interloop::wamp
