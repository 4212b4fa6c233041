// SPDX-License-Identifier: MIT
#include "uri.hpp"

#include "utf8.hpp"

#include <interloop/error.hpp>

#include <string>

namespace interloop::wamp {

bool is_uri(std::string_view text, match how) noexcept {
  if (text.empty()) return how == match::prefix;
  bool empty = true;  // the component so far
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte <= 0x20 || byte == 0x7f || each == '#') return false;
    if (each != '.') {
      empty = false;
    } else {
      if (empty && how != match::wildcard) return false;
      empty = true;
    }
  }
  return (!empty || how != match::exact) && is_utf8(text);
}

void require_uri(std::string_view text, const char* function, match how) {
  if (is_uri(text, how)) [[likely]]
    return;
  throw usage_error(std::string(function) + ": \"" + std::string(text) + "\" is not a WAMP URI" +
                    (how == match::exact ? "" : " pattern") +
                    "; components, such as com.example.add, must not be empty, nor contain spaces or #");
}

void require_own_uri(std::string_view text, const char* function, match how) {
  require_uri(text, function, how);
  if (text.starts_with("wamp."))
    throw usage_error(std::string(function) + ": \"" + std::string(text) +
                      "\": names that begin with \"wamp.\" are the router's; choose another one");
}

}  // namespace interloop::wamp
