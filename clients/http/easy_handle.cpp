// SPDX-License-Identifier: MIT
#include "clients/http/easy_handle.hpp"

#include "clients/http/session.hpp"

#include <interloop/error.hpp>

#include <new>
#include <string>
#include <utility>

namespace interloop::http {

easy_handle::easy_handle(session& of) : session_(of), native_(curl_easy_init()) {
  if (!native_) throw std::bad_alloc();
  try {
    tell_what_stays();
  } catch (...) {
    curl_easy_cleanup(native_);
    throw;
  }
}

void easy_handle::refused(CURLoption option, CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  throw error("libcurl refuses its option " + std::to_string(option) + ": " + curl_easy_strerror(code));
}

void easy_handle::tell_what_stays() {
  const client_options& options = session_.options();
  tell(CURLOPT_PRIVATE, static_cast<void*>(this));
  tell(CURLOPT_NOSIGNAL, 1L);
  tell(CURLOPT_ERRORBUFFER, complaint_);
  tell(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  transfer::tell_hooks(native_, this);
  tell(CURLOPT_CLOSESOCKETFUNCTION, &session::close_socket);
  tell(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&session_));  // a connection may outlive the transfer
  if (options.decompress) tell(CURLOPT_ACCEPT_ENCODING, "");
  if (!options.user_agent.empty()) tell(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) tell(CURLOPT_CAINFO, options.ca_file.c_str());
  const target& proxy = session_.proxy();
  tell(CURLOPT_PROXY, proxy.url.c_str());  // an empty one keeps libcurl from looking at the environment
  if (!proxy.url.empty()) tell(CURLOPT_NOPROXY, "");
  if (proxy.given) {
    tell(CURLOPT_PROXYUSERNAME, proxy.given->user.c_str());
    tell(CURLOPT_PROXYPASSWORD, proxy.given->password.c_str());
  }
}

void easy_handle::tell_versions(bool encrypted) {
  encrypted_.reset();
  const protocol speak = session_.options().speak;
  const bool may_share = speak != protocol::http1 && (encrypted || speak == protocol::http2_prior_knowledge);
  tell(CURLOPT_HTTP_VERSION, static_cast<long>(!may_share  ? CURL_HTTP_VERSION_1_1
                                               : encrypted ? CURL_HTTP_VERSION_2TLS
                                                           : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
  // Waits for a connection that is being made, which may be shared, instead of making one for each request.
  tell(CURLOPT_PIPEWAIT, may_share ? 1L : 0L);
  encrypted_ = encrypted;
}

void easy_handle::begin(transfer& next, long connect_milliseconds) {
  const target& to = *next.to;
  now_ = &next;
  complaint_[0] = 0;
  if (to_ != next.to) {
    to_.reset();
    tell(CURLOPT_CURLU, to.parsed.get());
    tell(CURLOPT_URL, to.url.c_str());  // also the text, which some versions keep from an earlier transfer
    to_ = next.to;
  }
  if (connect_milliseconds_ != connect_milliseconds) {
    tell(CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
    connect_milliseconds_ = connect_milliseconds;
  }
  if (encrypted_ != to.encrypted) tell_versions(to.encrypted);
  if (!to.given) return;
  set(CURLOPT_USERNAME, to.given->user.c_str());
  set(CURLOPT_PASSWORD, to.given->password.c_str());
}

void easy_handle::set_lines(curl_slist* lines) {
  if (!lines && !has_lines_) return;
  tell(CURLOPT_HTTPHEADER, lines);
  has_lines_ = lines != nullptr;
}

bool easy_handle::end() noexcept {
  now_ = nullptr;
  if (special_) return false;
  if (std::exchange(has_lines_, false)) curl_easy_setopt(native_, CURLOPT_HTTPHEADER, nullptr);
  return true;
}

}  // namespace interloop::http
