// SPDX-License-Identifier: MIT
// libcurl's multi handle on a loop, and the transfers that it works on.
//
// Re-entrancy. Each call into libcurl is made by `call`. libcurl's callbacks only note what they are told: about sockets
// and its clock to the glue, about transfers here. When the call has returned, `settle` completes futures, and then the
// glue watches what is to be watched by then. Code of the user's runs in later turns, except for the loop's exception
// handler and the destructors of what the user gave, which may call back: they find the session in order, and `close` is
// put off until the outermost call is over.
//
// A connection that is kept is often used again soon. So while there are requests, its socket rests: it stays watched
// although libcurl does not ask for that. If it is used again for the same directions, the glue is not told, and does not look
// whether the number is another file's: our own hooks open and close these sockets. What arrives on a socket that
// rests, its end for instance, ends the watch. When there are no requests, `sweep` ends them all, for an idle connection must not
// keep a loop running.
//
// Life cycle. The client and the calls that are running own the session. A transfer that is over for its user while
// libcurl looks up its name stays (muted): to remove it would wait for the lookup. If the client is closed meanwhile, a
// timer, which the loop destroys when it closes, owns the session until the last lookup has ended.
#pragma once

#include "clients/http/transfer.hpp"

#include <curl/curl.h>
#include <interloop/api.hpp>
#include <interloop/glue.hpp>
#include <interloop/http/options.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace interloop::http {

class session : public std::enable_shared_from_this<session> {
 public:
  session(const api& loop, client_options options);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  /// Starts a request.
  future<response> send(request&& what);
  future<streamed_response> open(request&& what);

  /// Everything pending fails.
  void close() noexcept;

  [[nodiscard]] std::size_t in_flight() const noexcept { return all_.size() - muted_; }
  [[nodiscard]] const api& loop() const noexcept { return loop_; }
  [[nodiscard]] const client_options& options() const noexcept { return options_; }

  // ---- For transfers, also inside libcurl ----

  /// The transfer has news for `settle`.
  void touch(transfer& from) noexcept;
  /// libcurl has a new socket.
  void opened(int fd) noexcept;
  /// For the option of that name: closes a socket of a connection that was made. `self`: the session.
  static int close_socket(void* self, curl_socket_t fd) noexcept;
  /// Where to ask; without a URL: at the servers themselves.
  [[nodiscard]] const target& proxy() const noexcept { return proxy_; }
  /// What a request's URL consists of. Asking for the same one again and again does not take it apart each time.
  std::shared_ptr<const target> taken_apart(const std::string& url);

  // ---- For streams, outside of libcurl ----

  /// Goes on with a transfer that was paused.
  void resume(transfer& paused);
  /// The transfer is over, with this failure or, without one, because nobody wants it any more.
  void drop(transfer& unwanted, const failure* why) noexcept;

 private:
  struct hooks;  // libcurl's callbacks

  std::unique_ptr<easy_handle> handle();
  std::shared_ptr<transfer> prepared(request&& what, bool streamed);
  void start(const std::shared_ptr<transfer>& fresh);
  void start_clock_and_stream(const std::shared_ptr<transfer>& fresh);
  template <class Function>
  void call(Function&& function) noexcept;
  void settle();
  void take_messages();
  void look_at(transfer& touched);
  void ended(transfer& from, CURLcode code);
  void finish(transfer& done, const failure* why) noexcept;
  void remove(transfer& done) noexcept;
  void stop_sending(transfer& done) noexcept;
  void act(int fd, int events) noexcept;
  void lose_all(const failure& why) noexcept;
  void want(int fd, interest wanted) noexcept;
  void forget(int fd) noexcept;
  void rest(int fd) noexcept;
  void sweep_soon() noexcept;
  void sweep() noexcept;
  void release() noexcept;

  api loop_;
  client_options options_;
  target proxy_;
  std::string last_url_;
  std::shared_ptr<const target> last_target_;
  CURLM* multi_ = nullptr;
  interloop::glue glue_;
  std::vector<std::shared_ptr<transfer>> all_;
  std::size_t muted_ = 0;
  std::vector<transfer*> touched_;  // they are in all_
  std::vector<std::unique_ptr<easy_handle>> spare_;
  int depth_ = 0;               // of `call`
  bool out_of_memory_ = false;  // in a callback
  bool close_wanted_ = false;
  bool closed_ = false;
  timer lingering_;
  struct watched {
    interest wanted = interest::none;
    bool rests = false;
    bool listed = false;  // in rested_
  };
  [[nodiscard]] watched* find(int fd) noexcept {
    return static_cast<std::size_t>(fd) < sockets_.size() ? &sockets_[static_cast<std::size_t>(fd)] : nullptr;
  }
  std::vector<watched> sockets_;  // of connections, by descriptor
  std::vector<int> rested_;       // those that have rested since the last sweep
  timer sweep_;
};

}  // namespace interloop::http
