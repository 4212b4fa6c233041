// SPDX-License-Identifier: MIT
// A command in the form in which it is sent: an array of strings, each with its length in front.
#pragma once

#include "clients/stream/bytes.hpp"

#include <interloop/redis/word.hpp>

#include <initializer_list>
#include <span>

namespace interloop::redis {

using streams::bytes;

/// Appends the command. Strong guarantee. Errors: `std::bad_alloc`.
void encode(bytes& to, std::span<const word> words);
inline void encode(bytes& to, std::initializer_list<word> words) {
  encode(to, std::span<const word>(words.begin(), words.size()));
}

/// Errors: `usage_error` for an empty command, and for commands that do not have exactly one reply.
void require_one_reply(std::span<const word> words);
/// Errors: `usage_error` for commands that begin or end a transaction.
void require_inside_transaction(std::span<const word> words);

}  // namespace interloop::redis
