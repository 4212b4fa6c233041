// SPDX-License-Identifier: MIT
// JSON (RFC 8259), with what Crossbar sends besides: `NaN`, `Infinity`, and bytes as a text of a NUL and base64.
#include <interloop/wamp/reader.hpp>

#include "base64.hpp"
#include "utf8.hpp"

#include <interloop/wamp/error.hpp>

#include <charconv>
#include <limits>
#include <system_error>

namespace interloop::wamp {

namespace {

constexpr std::string_view begin_of_bytes = "\"\\u0000";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool fits_uint64(std::string_view digits) noexcept {
  if (digits.size() != 20) return digits.size() < 20;
  return digits <= "18446744073709551615";
}

/// What `from_chars` calls out of range: too large, or too close to zero. Python reads it like this, too.
double out_of_range(std::string_view digits) noexcept {
  const bool minus = digits.front() == '-';
  if (minus) digits.remove_prefix(1);
  const std::size_t exponent = digits.find_first_of("eE");
  const bool small = exponent == std::string_view::npos ? digits.substr(0, 2) == "0." : digits[exponent + 1] == '-';
  const double size = small ? 0.0 : std::numeric_limits<double>::infinity();
  return minus ? -size : size;
}

}  // namespace

void reader::space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

void reader::expect(char wanted) {
  if (at_ == end_) fail("it ends too early");
  if (*at_ != wanted) {
    const char text[] = {wanted, ' ', 'i', 's', ' ', 'm', 'i', 's', 's', 'i', 'n', 'g', '\0'};
    fail(text);
  }
  ++at_;
}

bool reader::literal(std::string_view word) {
  return std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) == word;
}

kind reader::peek_json() {
  space();
  switch (look()) {
    case '"':
      return literal(begin_of_bytes) ? kind::binary : kind::text;
    case '[':
      return kind::list;
    case '{':
      return kind::map;
    case 't':
      if (literal("true")) return kind::boolean;
      break;
    case 'f':
      if (literal("false")) return kind::boolean;
      break;
    case 'n':
      if (literal("null")) return kind::null;
      break;
    case 'N':
    case 'I':
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
      bool real = false;
      static_cast<void>(number_json(real));
      return real ? kind::real : kind::integer;
    }
    default:
      break;
  }
  fail("this is not the beginning of a value");
}

/// The number that comes, which stays to be read. \param real  whether it has to be read as a real.
std::string_view reader::number_json(bool& real) {
  real = true;
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
    if (literal(word)) return word;
  const char* at = at_;
  const auto digits = [&] {
    const char* const first = at;
    while (at != end_ && is_digit(*at)) ++at;
    if (at == first) fail("a digit is missing in a number");
    return std::string_view(first, static_cast<std::size_t>(at - first));
  };
  const bool minus = *at == '-';
  if (minus) ++at;
  const std::string_view whole = digits();
  if (whole.size() > 1 && whole.front() == '0') fail("a number begins with 0");
  real = !fits_uint64(whole) || (minus && (whole.size() > 19 || (whole.size() == 19 && whole > "9223372036854775808")));
  if (at != end_ && *at == '.') {
    ++at;
    digits();
    real = true;
  }
  if (at != end_ && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end_ && (*at == '+' || *at == '-')) ++at;
    digits();
    real = true;
  }
  return {at_, static_cast<std::size_t>(at - at_)};
}

double reader::real_json() {
  bool real = false;
  const std::string_view found = number_json(real);
  at_ += found.size();
  if (found == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (found == "Infinity") return std::numeric_limits<double>::infinity();
  if (found == "-Infinity") return -std::numeric_limits<double>::infinity();
  double read = 0;
  const auto ended = std::from_chars(found.data(), found.data() + found.size(), read);
  return ended.ec == std::errc::result_out_of_range ? out_of_range(found) : read;
}

std::string_view reader::string_json() {
  const char* const first = ++at_;
  const auto plain = [this] {
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') {
      if (static_cast<unsigned char>(*at_) < 0x20) fail("a control character within a text");
      ++at_;
    }
    if (at_ == end_) fail("it ends within a text");
  };
  plain();
  if (*at_ == '"') return {first, static_cast<std::size_t>(at_++ - first)};
  scratch_.assign(first, at_);
  while (*at_ != '"') {
    ++at_;
    escape_json();
    const char* const from = at_;
    plain();
    scratch_.append(from, at_);
  }
  ++at_;
  return scratch_;
}

void reader::escape_json() {
  const unsigned char which = byte();
  switch (which) {
    case '"':
    case '\\':
    case '/':
      scratch_ += static_cast<char>(which);
      return;
    case 'b':
      scratch_ += '\b';
      return;
    case 'f':
      scratch_ += '\f';
      return;
    case 'n':
      scratch_ += '\n';
      return;
    case 'r':
      scratch_ += '\r';
      return;
    case 't':
      scratch_ += '\t';
      return;
    case 'u':
      break;
    default:
      fail("an unknown escape within a text");
  }
  std::uint32_t code = hex4_json();
  if (code >= 0xdc00 && code <= 0xdfff) fail("half of a surrogate pair within a text");
  if (code >= 0xd800 && code <= 0xdbff) {
    if (!literal("\\u")) fail("half of a surrogate pair within a text");
    at_ += 2;
    const unsigned low = hex4_json();
    if (low < 0xdc00 || low > 0xdfff) fail("half of a surrogate pair within a text");
    code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
  }
  char bytes[4];
  scratch_.append(bytes, put_utf8(bytes, code));
}

unsigned reader::hex4_json() {
  need(4);
  unsigned code = 0;
  const auto ended = std::from_chars(at_, at_ + 4, code, 16);
  if (ended.ptr != at_ + 4 || ended.ec != std::errc()) fail("an escape of fewer than four digits within a text");
  at_ += 4;
  return code;
}

std::string_view reader::bytes_json() {
  const std::string_view found = string_json();
  auto bytes = from_base64(found.substr(1));
  if (!bytes) cannot_read("a text begins like bytes, with a NUL, and is not base64");
  scratch_ = std::move(*bytes);
  return scratch_;
}

}  // namespace interloop::wamp
