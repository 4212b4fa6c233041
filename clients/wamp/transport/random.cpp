// SPDX-License-Identifier: MIT
#include "random.hpp"

#include <openssl/rand.h>

#include <climits>

namespace interloop::wamp {

bool random_bytes(unsigned char* to, std::size_t count) noexcept {
  return count <= INT_MAX && RAND_bytes(to, static_cast<int>(count)) == 1;
}

}  // namespace interloop::wamp
