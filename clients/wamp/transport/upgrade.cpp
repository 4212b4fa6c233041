// SPDX-License-Identifier: MIT
#include "upgrade.hpp"

#include "../base64.hpp"
#include "random.hpp"

#include <openssl/evp.h>
#include <interloop/error.hpp>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace interloop::wamp::websocket {
namespace {

constexpr std::string_view status_begin = "HTTP/1.1 ";
constexpr std::size_t longest_reason = 100;

std::string base64(const unsigned char* data, std::size_t size) {
  return to_base64({reinterpret_cast<const char*>(data), size});
}

char lower(char each) noexcept { return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each; }

bool same_text(std::string_view one, std::string_view other) noexcept {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char each) {
    return (each >= '0' && each <= '9') || (lower(each) >= 'a' && lower(each) <= 'z') ||
           others.find(each) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool is_value(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char each) {
    const auto byte = static_cast<unsigned char>(each);
    return (byte < 0x20 && each != '\t') || byte == 0x7f;
  });
}

/// Whether a list of tokens has this one.
bool lists(std::string_view list, std::string_view wanted) noexcept {
  for (;;) {
    const auto comma = list.find(',');
    if (same_text(trimmed(list.substr(0, comma)), wanted)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

/// For a message: what can be printed, and not much of it.
std::string readable(std::string_view text) {
  std::string made(text.substr(0, longest_reason));
  for (char& each : made)
    if (each < ' ' || each > '~') each = '?';
  return made;
}

}  // namespace

std::string_view subprotocol(serializer which) noexcept {
  switch (which) {
    case serializer::msgpack:
      return "wamp.2.msgpack";
    case serializer::cbor:
      return "wamp.2.cbor";
    case serializer::json:
      break;
  }
  return "wamp.2.json";
}

std::string make_key() {
  std::array<unsigned char, 16> bytes;
  if (!random_bytes(bytes.data(), bytes.size())) throw error("WebSocket: the system has no random numbers for a key");
  return base64(bytes.data(), bytes.size());
}

std::string accept_of(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) throw std::bad_alloc();
  return base64(digest.data(), size);
}

std::string request(const transport_url& to, const std::string& key, const std::vector<serializer>& offered) {
  std::string text = "GET " + to.resource + " HTTP/1.1\r\nHost: " + to.host +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
                     "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ";
  for (std::size_t i = 0; i < offered.size(); ++i) {
    if (i > 0) text += ", ";
    text += subprotocol(offered[i]);
  }
  return text + "\r\n\r\n";
}

answer_reader::answer_reader(const std::string& key, std::vector<serializer> offered)
    : accept_(accept_of(key)), offered_(std::move(offered)) {}

bool answer_reader::broken(std::string why) {
  state_ = state::broken;
  problem_ = std::move(why);
  return false;
}

std::size_t answer_reader::feed(const char* data, std::size_t size) {
  std::size_t taken = 0;
  while (state_ == state::incomplete && taken < size) {
    head_ += data[taken++];
    const std::size_t known = std::min(head_.size(), status_begin.size());
    if (std::string_view(head_).substr(0, known) != status_begin.substr(0, known)) {
      broken("the server does not answer with HTTP/1.1");
    } else if (head_.ends_with("\r\n\r\n")) {
      read_head();
    } else if (head_.size() >= longest_head) {
      broken("the head of the server's answer is longer than " + std::to_string(longest_head) + " bytes");
    }
  }
  return taken;
}

void answer_reader::read_head() {
  const std::string_view all = head_;
  const auto end = all.find("\r\n");
  if (!read_status(all.substr(0, end)) || !read_fields(all.substr(end + 2, all.size() - end - 4))) return;
  state_ = state::accepted;
}

bool answer_reader::read_status(std::string_view line) {
  line.remove_prefix(status_begin.size());
  const std::string_view code = line.substr(0, 3);
  const auto digit = [](char each) { return each >= '0' && each <= '9'; };
  if (code.size() < 3 || !std::all_of(code.begin(), code.end(), digit) || (line.size() > 3 && line[3] != ' '))
    return broken("the server's answer has no status code");
  if (code == "101") return true;
  state_ = state::refused;
  problem_ = "the server answered HTTP " + readable(trimmed(line));
  return false;
}

bool answer_reader::read_fields(std::string_view lines) {
  std::optional<std::string_view> accept, protocol;
  bool upgrade = false, connection = false, extensions = false;
  while (!lines.empty()) {
    const auto end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name) || !is_value(line.substr(colon + 1)))
      return broken("the server's answer has a field that is not one of HTTP: " + readable(line));
    const std::string_view value = trimmed(line.substr(colon + 1));
    const auto once = [&](std::optional<std::string_view>& to) {
      if (to) return broken("the server's answer has the field " + readable(name) + " twice");
      to = value;
      return true;
    };
    if (same_text(name, "Upgrade")) {
      upgrade = upgrade || same_text(value, "websocket");
    } else if (same_text(name, "Connection")) {
      connection = connection || lists(value, "upgrade");
    } else if (same_text(name, "Sec-WebSocket-Accept")) {
      if (!once(accept)) return false;
    } else if (same_text(name, "Sec-WebSocket-Protocol")) {
      if (!once(protocol)) return false;
    } else if (same_text(name, "Sec-WebSocket-Extensions")) {
      extensions = extensions || !value.empty();
    }
  }
  if (!upgrade || !connection) return broken("the server answered HTTP 101, but does not upgrade to WebSocket");
  if (!accept || *accept != accept_)
    return broken("the server's Sec-WebSocket-Accept does not fit the key: it does not speak WebSocket");
  if (extensions) return broken("the server uses an extension that was not offered");
  if (!protocol) return broken("the server chose none of the WAMP subprotocols that were offered");
  for (const serializer each : offered_) {
    if (*protocol != subprotocol(each)) continue;
    chosen_ = each;
    return true;
  }
  return broken("the server chose a subprotocol that was not offered: " + readable(*protocol));
}

}  // namespace interloop::wamp::websocket
