// SPDX-License-Identifier: MIT
// One request on its way: what libcurl is told, what it sends and what it receives.
//
// libcurl's callbacks only move bytes and note what has happened (`session::touch`); the session acts on that after the
// call into libcurl. So no code of the user's runs inside libcurl, and libcurl is not called by its own callbacks.
#pragma once

#include "clients/http/easy_handle.hpp"
#include "clients/http/url.hpp"

#include <curl/curl.h>
#include <interloop/api.hpp>
#include <interloop/event.hpp>
#include <interloop/http/options.hpp>
#include <interloop/http/request.hpp>
#include <interloop/http/response.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace interloop::http {

class session;

class transfer : public std::enable_shared_from_this<transfer> {
 public:
  /// Checks the request. Errors: `usage_error`.
  transfer(session& of, request&& what, bool streamed);
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;
  ~transfer() {
    easy.reset();
    curl_slist_free_all(lines_);
  }

  /// Tells a handle, which is going to be used by transfers, about libcurl's callbacks.
  static void tell_hooks(CURL* native, easy_handle* handle);
  /// Tells the handle what to do. Errors: `std::bad_alloc`, `error`.
  void prepare();

  /// After a response: whether that is a redirect to be followed. The transfer then asks for the next URL, and has to be
  /// prepared again. Errors: `http_error` for one that must not be followed.
  [[nodiscard]] bool redirected();

  /// The response so far.
  [[nodiscard]] response_head& head() noexcept { return head_; }
  [[nodiscard]] bool has_head() const noexcept { return head_ends_; }
  std::string& received() noexcept { return received_; }

  /// What went wrong, if libcurl says `code`.
  [[nodiscard]] failure why(CURLcode code) const;
  /// The same with a text.
  [[nodiscard]] failure why(CURLcode code, std::string_view text) const;
  [[nodiscard]] failure too_late(const char* what, duration limit) const;

  /// The next piece to send, or its end. The transfer must then be resumed.
  void supply(std::string&& piece);
  void supply_end();
  [[nodiscard]] bool is_hungry() const noexcept { return sending_paused && !sends_nothing_more_ && unsent_.empty(); }

  /// What has to be passed to `curl_easy_pause` now.
  [[nodiscard]] int pauses() const noexcept {
    return (receiving_paused ? CURLPAUSE_RECV : 0) | (sending_paused ? CURLPAUSE_SEND : 0);
  }

  // For the session.
  session* of;  // null once it has ended
  const bool streamed;
  std::unique_ptr<easy_handle> easy;  // null once libcurl has ended
  std::size_t place = 0;              // among the session's transfers
  bool touched = false;
  bool muted = false;       // has an outcome, but libcurl looks up its name still
  bool looking_up = false;  // a lookup may be under way
  bool connecting = false;
  bool connected = false;  // its connection is made
  bool receiving_paused = false;
  bool sending_paused = false;
  bool over = false;  // has its outcome
  request asked;
  std::shared_ptr<const target> to;
  future<response> whole;
  future<streamed_response> opened;
  future<void> pump;  // reads the request's stream
  event arrived;      // the reader of the response's stream may look again
  event hungry;       // libcurl wants more of the request's stream
  std::optional<failure> outcome;
  timer limit;
  timer connect_limit;

 private:
  struct hooks;  // libcurl's callbacks

  bool choose_method();
  void choose_lines(bool sends_body);
  void on_line(std::string_view line);
  bool on_body(std::string_view bytes);
  void end_head();
  [[nodiscard]] bool follows() const;
  bool refuse(CURLcode code, std::string text);

  bool left_origin_ = false;  // a redirect led elsewhere: credentials stay behind
  int redirects_left_;
  std::size_t max_body_;
  curl_slist* lines_ = nullptr;
  CURLcode refused_ = CURLE_OK;  // why this side ended it
  std::string refusal_;

  response_head head_;
  std::size_t head_bytes_ = 0;
  bool head_ends_ = false;
  bool discards_ = false;  // the body of a redirect
  std::string received_;   // the body, or what the reader has not taken of it
  std::string unsent_;
  std::size_t sent_ = 0;  // of unsent_
  std::uint64_t supplied_ = 0;
  bool sends_nothing_more_ = false;
  bool stream_begun_ = false;
};

}  // namespace interloop::http
