// SPDX-License-Identifier: MIT
// OpenSSL's part of authenticate.hpp.
#include "authenticate.hpp"

#include "transport/random.hpp"

#include <interloop/error.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

namespace interloop::wamp {

namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

void require(bool ok, const char* what) {
  if (!ok) throw error(std::string("OpenSSL fails to compute ") + what);
}

struct free_key {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct free_digest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, free_key>;

key_ptr key_of(std::string_view seed) {
  key_ptr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  require(key != nullptr, "an Ed25519 key");
  return key;
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string mac(32, '\0');
  unsigned size = 32;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), bytes_of(mac),
               &size) != nullptr,
          "an HMAC");
  return mac;
}

std::string sha256(std::string_view text) {
  std::string digest(32, '\0');
  unsigned size = 32;
  require(EVP_Digest(text.data(), text.size(), bytes_of(digest), &size, EVP_sha256(), nullptr) == 1, "SHA-256");
  return digest;
}

std::string pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations, std::size_t length) {
  std::string key(length, '\0');
  require(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt),
                            static_cast<int>(salt.size()), iterations, EVP_sha256(), static_cast<int>(length),
                            bytes_of(key)) == 1,
          "PBKDF2");
  return key;
}

std::string ed25519_public(std::string_view seed) {
  const key_ptr key = key_of(seed);
  std::string known(32, '\0');
  std::size_t size = known.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), bytes_of(known), &size) == 1, "an Ed25519 key");
  return known;
}

std::string ed25519_sign(std::string_view seed, std::string_view text) {
  const key_ptr key = key_of(seed);
  const std::unique_ptr<EVP_MD_CTX, free_digest> context(EVP_MD_CTX_new());
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  require(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
              EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) == 1,
          "an Ed25519 signature");
  return signature;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  require(random_bytes(bytes_of(bytes), count), "random numbers");
  return bytes;
}

}  // namespace interloop::wamp
