// SPDX-License-Identifier: MIT
#include "encode.hpp"

#include <interloop/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

namespace interloop::redis {
namespace {

bool same_word(std::string_view given, std::string_view lower) {
  return given.size() == lower.size() && std::equal(given.begin(), given.end(), lower.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

// `*` or `$`, the digits of any size, and the end of the line.
constexpr std::size_t most_of_a_count = 1 + 20 + 2;

char* write_count(char* at, char kind, std::size_t count) {
  *at++ = kind;
  if (count < 10) {
    *at++ = static_cast<char>('0' + count);
  } else if (count < 100) {
    *at++ = static_cast<char>('0' + count / 10);
    *at++ = static_cast<char>('0' + count % 10);
  } else {
    at = std::to_chars(at, at + 20, count).ptr;
  }
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

}  // namespace

void encode(bytes& to, std::span<const word> words) {
  std::size_t most = most_of_a_count;
  for (const word& each : words) most += most_of_a_count + each.view().size() + 2;
  char* const start = to.room(most);
  char* at = write_count(start, '*', words.size());
  for (const word& each : words) {
    const std::string_view text = each.view();
    at = write_count(at, '$', text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
    *at++ = '\r';
    *at++ = '\n';
  }
  to.commit(static_cast<std::size_t>(at - start));
}

void require_one_reply(std::span<const word> words) {
  if (words.empty() || words.front().view().empty()) [[unlikely]]
    throw usage_error("command: the command is empty; pass at least its name, e.g. command(\"PING\")");
  const std::string_view name = words.front().view();
  // Nearly every command is told from these by its last letter.
  const int last = std::tolower(static_cast<unsigned char>(name.back()));
  if (last != 'e' && last != 'r' && last != 'c' && last != 't') return;
  constexpr std::array<std::string_view, 6> subscribing{"subscribe",  "psubscribe",   "unsubscribe",
                                                        "ssubscribe", "punsubscribe", "sunsubscribe"};
  constexpr std::array<std::string_view, 3> streaming{"monitor", "sync", "psync"};
  const auto is = [name](std::string_view refused) { return same_word(name, refused); };
  if (std::any_of(subscribing.begin(), subscribing.end(), is))
    throw usage_error("command: " + std::string(name) +
                      " does not have exactly one reply; use a redis::subscriber for channels");
  if (std::any_of(streaming.begin(), streaming.end(), is) ||
      (is("client") && words.size() > 1 && same_word(words[1].view(), "reply")))
    throw usage_error("command: " + std::string(name) +
                      " does not have exactly one reply; this client is for commands that do");
}

void require_inside_transaction(std::span<const word> words) {
  for (const std::string_view refused : {"multi", "exec", "discard", "watch"})
    if (same_word(words.front().view(), refused))
      throw usage_error("transaction: " + std::string(refused) +
                        " does not belong into a transaction; exec() adds MULTI and EXEC, and WATCH comes before it");
}

}  // namespace interloop::redis
