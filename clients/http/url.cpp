// SPDX-License-Identifier: MIT
#include "clients/http/url.hpp"

#include "clients/http/text.hpp"

#include <curl/curl.h>
#include <interloop/error.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace interloop::http {
namespace {

struct free_text {
  void operator()(char* text) const noexcept { curl_free(text); }
};

class parts {
 public:
  explicit parts(const char* what) : parts(what, curl_url()) {}
  [[nodiscard]] parts copy() const { return {what_, curl_url_dup(url_.get())}; }
  [[nodiscard]] parsed_url take() && { return std::move(url_); }

  void check(CURLUcode code) const {
    if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code != CURLUE_OK) throw usage_error(std::string(what_) + ": this is not a URL: " + curl_url_strerror(code));
  }

  void set(CURLUPart part, const char* text, unsigned flags = 0) const {
    check(curl_url_set(url_.get(), part, text, flags));
  }

  /// Nothing if there is no such part.
  std::optional<std::string> get(CURLUPart part, unsigned flags = 0) const {
    char* text = nullptr;
    const CURLUcode code = curl_url_get(url_.get(), part, &text, flags);
    const std::unique_ptr<char, free_text> owned(text);
    if (!text && code != CURLUE_OUT_OF_MEMORY) return std::nullopt;
    check(code);
    return text;
  }

 private:
  parts(const char* what, CURLU* url) : what_(what), url_(url) {
    if (!url_) throw std::bad_alloc();
  }

  const char* what_;
  parsed_url url_;
};

}  // namespace

target::target(const std::string& text, const char* what, bool of_proxy) {
  if (text.find('\0') != std::string::npos) throw usage_error(std::string(what) + ": this URL has a NUL byte in it");
  parts taken(what);
  taken.set(CURLUPART_URL, text.c_str(), of_proxy ? CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME : 0);
  const std::string scheme = taken.get(CURLUPART_SCHEME).value_or("");
  encrypted = scheme == "https";
  if (!of_proxy && !encrypted && scheme != "http")
    throw usage_error(std::string(what) + ": a URL begins with http:// or https://, and not with " + scheme + "://");

  // What a text has none of costs nothing.
  const bool has_user = text.find('@') != std::string::npos, has_query = text.find('?') != std::string::npos;
  if (auto user = has_user ? taken.get(CURLUPART_USER, CURLU_URLDECODE) : std::nullopt)
    given = credentials{std::move(*user), taken.get(CURLUPART_PASSWORD, CURLU_URLDECODE).value_or("")};
  if (has_user || text.find('#') != std::string::npos)
    for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT})
      taken.set(part, nullptr);
  url = taken.get(CURLUPART_URL).value_or("");
  origin = scheme + "://" + taken.get(CURLUPART_HOST).value_or("") + ":" +
           taken.get(CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  std::transform(origin.begin(), origin.end(), origin.begin(), lower);
  if (has_query && taken.get(CURLUPART_QUERY)) {
    const parts without = taken.copy();
    without.set(CURLUPART_QUERY, nullptr);
    shown = without.get(CURLUPART_URL).value_or("") + "?...";
  } else {
    shown = url;
  }
  parsed = std::move(taken).take();
}

}  // namespace interloop::http
