// SPDX-License-Identifier: MIT
// Sends requests.
#pragma once

#include <interloop/api.hpp>
#include <interloop/http/options.hpp>
#include <interloop/http/request.hpp>
#include <interloop/http/response.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace interloop::http {

class session;

/// Sends requests over connections that it keeps and shares. Any number of requests may be under way.
///
/// May be closed and destroyed at any time, even inside callbacks of its own futures and inside streams that it reads:
/// pending futures and unfinished streams then fail with `http_error`. A request under way keeps a loop running that
/// otherwise ends when idle; idle connections do not.
///
/// Nothing blocks. Names are looked up by libcurl's threads or by c-ares, whichever it was built with. A thread that
/// looks up a name cannot be stopped: a request that is cancelled meanwhile ends at once for its caller, and its lookup
/// goes on unseen. Closing the loop itself waits for lookups under way.
///
/// There are no cookies, no cache, no `.netrc`, and no variables of the environment. A connection that was kept may
/// turn out to be closed by the server when a request is sent on it; the request is then sent again on a new one, unless
/// part of a response had arrived.
/// Thread safety: the loop's thread only. The loop must outlive the client's use; once the loop is closed, the
/// functions throw `loop_closed`, but the client may still be destroyed.
class client {
 public:
  /// \param loop  where everything happens; by default the current loop.
  /// Errors: `usage_error` for a proxy that is not a URL or a number that is negative; `error` if libcurl does not work.
  explicit client(api loop = with_config(), client_options options = {});
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  /// Sends a request; the future gets the whole response.
  ///
  /// The future fails with `http_error` if there is none, or if its body is larger than the limit; with `timeout_error`
  /// if it takes longer than a limit allows; with what the request's own stream throws. Cancelling it ends the transfer:
  /// over HTTP/1.1 that costs the connection, over HTTP/2 it does not.
  ///
  /// A redirect (301, 302, 303, 307, 308) is followed if `max_redirects` allows it. As browsers do, 303, and 301 and 302
  /// after a POST, go on with GET and without the body. On the way to another origin (scheme, host, port) credentials
  /// are dropped: those of the URL, `Authorization` and `Cookie`. From https to http, and with a stream that was begun
  /// to be sent, it fails.
  /// Errors: `usage_error` for a URL that is not http or https, a method or header that is not one, an unexpected
  /// header (see `request::headers`), a client that was closed; `loop_closed`.
  [[nodiscard]] future<response> send(request what);

  /// The same for `GET`, and for `POST` with a `Content-Type`.
  [[nodiscard]] future<response> get(std::string url);
  [[nodiscard]] future<response> post(std::string url, std::string body, std::string content_type);

  /// Sends a request; the future gets the response as soon as its headers have arrived. The time limit continues until
  /// the body has ended. Otherwise as `send`.
  [[nodiscard]] future<streamed_response> open(request what);

  /// Ends all transfers and closes all connections; pending futures fail with `http_error`. May be called repeatedly.
  void close() noexcept;

  /// How many requests have no outcome yet: queued, under way, or streams whose end has not arrived.
  [[nodiscard]] std::size_t in_flight() const noexcept;

 private:
  std::shared_ptr<session> session_;
};

}  // namespace interloop::http
