// SPDX-License-Identifier: MIT
// TLS on a connected socket, by OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace interloop::streams {

/// What a client's public `tls_options` say: see there. `tls_parameters::from` reads any class with these members.
struct tls_parameters {
  std::string authorities{};
  std::string certificate{};
  std::string key{};
  std::string server_name{};
  bool verify = true;

  template <class Options>
  [[nodiscard]] static tls_parameters from(const Options& options) {
    return {options.authorities, options.certificate, options.key, options.server_name, options.verify};
  }
};

/// What all connections of a client have in common.
class tls_settings {
 public:
  /// Reads the files. Errors: `usage_error` if one cannot be used.
  explicit tls_settings(const tls_parameters& wanted);

  struct freeing {
    void operator()(ssl_ctx_st* native) const noexcept;
    void operator()(ssl_st* native) const noexcept;
  };

 private:
  friend class tls_session;
  std::unique_ptr<ssl_ctx_st, freeing> native_;
  bool verify_;
};

/// One connection. Writing to a socket that the server has closed raises no signal.
class tls_session {
 public:
  /// \param server  the name or numeric address that the certificate must be for.
  /// Errors: `usage_error` if the certificate is to be verified and `server` is empty; `std::bad_alloc`.
  tls_session(const tls_settings& settings, int fd, const std::string& server);

  enum class result : unsigned char { done, wants_read, wants_write, closed, failed };

  [[nodiscard]] result shake_hands();
  /// At least one byte, if done.
  [[nodiscard]] result read(char* into, std::size_t most, std::size_t& got);
  [[nodiscard]] result write(const char* from, std::size_t size, std::size_t& taken);
  /// Tells the peer that nothing more is written, as far as the socket takes it now.
  void finish() noexcept;
  /// Whether there is more to read although the socket may be quiet.
  [[nodiscard]] bool holds_data() const noexcept;
  /// Why it failed.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Whether it failed because one side does not accept the other, so that trying again will not help.
  [[nodiscard]] bool refused() const noexcept { return refused_; }

 private:
  result after(int returned);

  std::unique_ptr<ssl_st, tls_settings::freeing> native_;
  std::string problem_;
  bool refused_ = false;
};

}  // namespace interloop::streams
