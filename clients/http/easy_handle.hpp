// SPDX-License-Identifier: MIT
// An easy handle of libcurl's that is used again and again, and what it was told: each transfer tells it only what is
// different from the transfer before.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>

namespace interloop::http {

class session;
class transfer;
struct target;

class easy_handle {
 public:
  /// Errors: `std::bad_alloc`, `error`.
  explicit easy_handle(session& of);
  easy_handle(const easy_handle&) = delete;
  easy_handle& operator=(const easy_handle&) = delete;
  ~easy_handle() { curl_easy_cleanup(native_); }

  [[nodiscard]] CURL* native() const noexcept { return native_; }
  /// The handle that libcurl names in a callback; null if it is one of its own.
  [[nodiscard]] static easy_handle* of(CURL* native) noexcept {
    easy_handle* ours = nullptr;
    curl_easy_getinfo(native, CURLINFO_PRIVATE, &ours);
    return ours;
  }

  /// What libcurl says about a failure; empty if it says nothing.
  [[nodiscard]] const char* complaint() const noexcept { return complaint_; }

  /// Whose it is: who gets the callbacks. Null between transfers.
  [[nodiscard]] transfer* now() const noexcept { return now_; }

  /// The next transfer, and how long it may take to connect. Whatever else it needs is told by `set`.
  /// Errors: `std::bad_alloc`, `error`.
  void begin(transfer& next, long connect_milliseconds);
  /// Header lines, which libcurl does not copy; null: none.
  void set_lines(curl_slist* lines);
  /// An option that only this transfer has. Afterwards the handle cannot be used again.
  template <class Value>
  void set(CURLoption option, Value value) {
    special_ = true;
    tell(option, value);
  }

  /// The transfer is over, and libcurl does not work on it. Returns whether the handle may be used again: not one that was
  /// told something special. `curl_easy_reset` is no way back: libcurl 8 then still wants to rewind a body that it could
  /// not send.
  [[nodiscard]] bool end() noexcept;

 private:
  void tell_what_stays();
  void tell_versions(bool encrypted);
  template <class Value>
  void tell(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(native_, option, value);
    if (code != CURLE_OK) refused(option, code);
  }
  [[noreturn]] static void refused(CURLoption option, CURLcode code);

  session& session_;
  CURL* native_;
  transfer* now_ = nullptr;
  char complaint_[CURL_ERROR_SIZE] = {};
  bool special_ = false;              // it was told what the next transfer may not want
  std::shared_ptr<const target> to_;  // which libcurl refers to
  long connect_milliseconds_ = -1;
  std::optional<bool> encrypted_;  // for which kind of connection the versions were told
  bool has_lines_ = false;
};

}  // namespace interloop::http
