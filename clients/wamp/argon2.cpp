// SPDX-License-Identifier: MIT
// libargon2's part of authenticate.hpp, if this build has libargon2: OpenSSL has Argon2 only since 3.2.
#include "authenticate.hpp"

#include <interloop/wamp/error.hpp>

#ifdef INTERLOOP_WITH_LIBARGON2
#include <argon2.h>
#endif

namespace interloop::wamp {

#ifdef INTERLOOP_WITH_LIBARGON2

bool has_argon2() noexcept { return true; }

std::string argon2id(std::string_view password, std::string_view salt, int iterations, int memory, std::size_t length) {
  std::string key(length, '\0');
  const int problem =
      argon2id_hash_raw(static_cast<std::uint32_t>(iterations), static_cast<std::uint32_t>(memory), 1, password.data(),
                        password.size(), salt.data(), salt.size(), key.data(), key.size());
  if (problem != ARGON2_OK)
    throw connection_error(std::string("Argon2 refuses the router's challenge: ") + argon2_error_message(problem));
  return key;
}

#else

bool has_argon2() noexcept { return false; }

std::string argon2id(std::string_view, std::string_view, int, int, std::size_t) {
  throw usage_error(
      "the router asks for scram with Argon2, and this build of interloop has no libargon2: install it (Debian: "
      "libargon2-dev) and build interloop again, or let the router keep this user's password by \"pbkdf2\"");
}

#endif

}  // namespace interloop::wamp
