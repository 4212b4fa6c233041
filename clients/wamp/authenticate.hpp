// SPDX-License-Identifier: MIT
// Proofs of identity, by OpenSSL and libargon2. Nothing here puts a secret into a message.
#pragma once

#include <interloop/wamp/options.hpp>
#include <interloop/wamp/value.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace interloop::wamp {

/// How a key is made of a password. It is meant to take long, up to seconds.
struct derivation {
  enum class how : unsigned char {
    pbkdf2,
    pbkdf2_text,    // the key is its base64 text
    argon2id,       // 1.3, one lane
    argon2id_text,  // the same, and the key is its base64 text without padding
  };
  how function;
  std::string password;
  std::string salt;
  int iterations = 0;
  int memory = 0;  // KiB, of Argon2
  std::size_t length = 32;

  /// Thread safety: any thread. Errors: `connection_error` if the router's numbers cannot be; `error` if a library fails.
  [[nodiscard]] std::string key() const;
};

/// What answers a router's challenges for one identity. Errors of all functions: `usage_error` for options that cannot be
/// (a key that is none); `connection_error` if the router's part is wrong.
class authenticator {
 public:
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;
  virtual ~authenticator() = default;

  /// As the protocol calls it.
  [[nodiscard]] virtual std::string method() const = 0;
  [[nodiscard]] virtual std::string authid() const = 0;
  /// What goes into HELLO's `authextra`. Called once for each HELLO, and before the others.
  virtual void begin(dict& extra) { static_cast<void>(extra); }
  /// What has to be derived before `sign`, if anything. Checks the challenge.
  [[nodiscard]] virtual std::optional<derivation> derive(const dict& challenge) {
    static_cast<void>(challenge);
    return std::nullopt;
  }
  /// The signature for AUTHENTICATE, and what goes into its extra.
  /// \param key  what was derived, if `derive` asked for it.
  [[nodiscard]] virtual std::string sign(const dict& challenge, std::string_view key, dict& extra) = 0;
  /// Looks at what WELCOME says in `authextra`: SCRAM's router proves that it knows the password, too.
  virtual void check_welcome(const dict& extra) { static_cast<void>(extra); }

 protected:
  authenticator() = default;
};

[[nodiscard]] std::unique_ptr<authenticator> make_authenticator(const authentication& who);
/// The same with a given nonce, for tests by published examples.
[[nodiscard]] std::unique_ptr<authenticator> make_scram(const scram& who, std::string nonce);

/// The parts, for tests by published examples. Byte strings. Errors: `std::runtime_error` if OpenSSL fails.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);
[[nodiscard]] std::string sha256(std::string_view text);
[[nodiscard]] std::string pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations,
                                        std::size_t length);
/// Whether there is `argon2id`; otherwise it throws `usage_error`, which says what to do.
[[nodiscard]] bool has_argon2() noexcept;
/// Argon2id 1.3 with one lane. \param memory  in KiB. Errors: `connection_error` that says which parameter cannot be.
[[nodiscard]] std::string argon2id(std::string_view password, std::string_view salt, int iterations, int memory,
                                   std::size_t length);
/// \param seed  32 bytes.
[[nodiscard]] std::string ed25519_public(std::string_view seed);
[[nodiscard]] std::string ed25519_sign(std::string_view seed, std::string_view text);
[[nodiscard]] std::string random_bytes(std::size_t count);

}  // namespace interloop::wamp
