// SPDX-License-Identifier: MIT
#include <interloop/postgres/result.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

namespace interloop::postgres {
namespace {

std::string named(const pg_result* of, int column) {
  const char* name = PQfname(of, column);
  return "column " + std::to_string(column) + (name ? " (\"" + std::string(name) + "\")" : "");
}

std::string with_state(const server_message& said, std::string_view statement) {
  std::string text = "postgres: " + said.severity + " " + said.sqlstate + ": " + said.message;
  if (statement.empty()) return text;
  constexpr std::size_t most = 500;
  text += "; the statement was: ";
  text += statement.substr(0, most);
  return statement.size() > most ? text + "…" : text;
}

}  // namespace

// ---- Errors ----

server_error::server_error(server_message said, std::string_view statement)
    : error(with_state(said, statement)),
      all_(std::make_shared<const contents>(contents{std::move(said), std::string(statement)})) {}
server_error::~server_error() = default;

connection_error::connection_error(const std::string& message, std::string_view sqlstate) : error(message) {
  length_ = static_cast<unsigned char>(std::min(sqlstate.size(), sizeof sqlstate_));
  std::copy_n(sqlstate.data(), length_, sqlstate_);
}
connection_error::~connection_error() = default;
result_error::~result_error() = default;
rolled_back::~rolled_back() = default;

// ---- Conversions ----

std::optional<std::vector<std::byte>> column<std::vector<std::byte>>::from_text(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2 - 1);
  for (std::size_t at = 2; at < text.size(); at += 2) {
    unsigned char value = 0;
    const char* end = text.data() + at + 2;
    const auto read = std::from_chars(text.data() + at, end, value, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    bytes.push_back(std::byte{value});
  }
  return bytes;
}

namespace parts {

std::optional<std::vector<std::optional<std::string>>> split_array(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  std::vector<std::optional<std::string>> elements;
  std::size_t at = 1;
  const std::size_t end = text.size() - 1;
  if (at == end) return elements;
  for (;;) {
    std::string element;
    bool quoted = false;
    if (at < end && text[at] == '"') {
      quoted = true;
      for (++at; at < end && text[at] != '"'; ++at) {
        if (text[at] == '\\' && ++at == end) return std::nullopt;
        element += text[at];
      }
      if (at++ == end) return std::nullopt;
    } else {
      for (; at < end && text[at] != ','; ++at) {
        if (text[at] == '{' || text[at] == '}' || text[at] == '"') return std::nullopt;  // of more dimensions
        element += text[at];
      }
    }
    if (!quoted && element == "NULL") {
      elements.emplace_back();
    } else {
      elements.emplace_back(std::move(element));
    }
    if (at == end) return elements;
    if (text[at] != ',') return std::nullopt;
    ++at;
  }
}

std::string join_array(const std::vector<std::optional<std::string>>& elements) {
  std::string text = "{";
  for (const auto& each : elements) {
    if (text.size() > 1) text += ',';
    if (!each) {
      text += "NULL";
      continue;
    }
    text += '"';
    for (const char c : *each) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + '}';
}

void throw_bad_value(const pg_result* of, int column, std::string_view wanted) {
  throw result_error("postgres: " + named(of, column) + " is not " + std::string(wanted));
}
void throw_null(const pg_result* of, int column) {
  throw result_error("postgres: " + named(of, column) + " is NULL; ask for a std::optional");
}
void throw_columns(const pg_result* of, std::size_t wanted) {
  throw result_error("postgres: the result has " + std::to_string(PQnfields(of)) + " columns, and " +
                     std::to_string(wanted) + " are wanted");
}

}  // namespace parts

// ---- Rows ----

int row::checked(std::size_t column) const {
  if (column >= size())
    throw result_error("postgres: the result has " + std::to_string(size()) + " columns; there is no column " +
                       std::to_string(column));
  return static_cast<int>(column);
}

std::size_t row::column_named(std::string_view name) const {
  const int count = PQnfields(of_);
  for (int i = 0; i < count; ++i)
    if (PQfname(of_, i) == name) return static_cast<std::size_t>(i);
  throw result_error("postgres: the result has no column \"" + std::string(name) + "\"");
}

std::size_t row::size() const noexcept { return static_cast<std::size_t>(PQnfields(of_)); }
bool row::null_at(int column) const noexcept { return PQgetisnull(of_, index_, column) != 0; }
std::string_view row::text_at(int column) const noexcept {
  return {PQgetvalue(of_, index_, column), static_cast<std::size_t>(PQgetlength(of_, index_, column))};
}
std::optional<std::string_view> row::text(std::size_t column) const {
  const int at = checked(column);
  if (null_at(at)) return std::nullopt;
  return text_at(at);
}

// ---- Results ----

void result::clear::operator()(pg_result* owned) const noexcept { PQclear(owned); }

std::size_t result::size() const noexcept { return static_cast<std::size_t>(PQntuples(of_.get())); }
std::size_t result::columns() const noexcept { return static_cast<std::size_t>(PQnfields(of_.get())); }

std::string_view result::column_name(std::size_t column) const {
  if (column >= columns())
    throw result_error("postgres: the result has " + std::to_string(columns()) + " columns; there is no column " +
                       std::to_string(column));
  return PQfname(of_.get(), static_cast<int>(column));
}

row result::operator[](std::size_t index) const {
  if (index >= size())
    throw result_error("postgres: the result has " + std::to_string(size()) + " rows; there is no row " +
                       std::to_string(index));
  return {of_.get(), static_cast<int>(index)};
}

std::size_t result::affected() const noexcept {
  const std::string_view text = of_ ? PQcmdTuples(of_.get()) : "";
  std::size_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view result::tag() const noexcept { return of_ ? PQcmdStatus(of_.get()) : ""; }

void result::require_rows(std::size_t least, std::size_t most) const {
  if (size() < least || size() > most)
    throw result_error("postgres: the result has " + std::to_string(size()) + " rows, not " +
                       (least == most ? "exactly one" : "one at most"));
}

}  // namespace interloop::postgres
