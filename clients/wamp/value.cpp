// SPDX-License-Identifier: MIT
#include <interloop/wamp/value.hpp>

#include <interloop/wamp/codec.hpp>
#include <interloop/wamp/detail/arguments.hpp>
#include <interloop/wamp/error.hpp>

#include <limits>

namespace interloop::wamp {

const char* name_of(kind which) noexcept {
  switch (which) {
    case kind::null:
      return "null";
    case kind::boolean:
      return "a boolean";
    case kind::integer:
      return "an integer";
    case kind::real:
      return "a real number";
    case kind::text:
      return "a text";
    case kind::binary:
      return "bytes";
    case kind::list:
      return "a list";
    case kind::map:
      return "a map";
  }
  return "";
}

/// For the codec, which reads and writes the parts.
struct value_access {
  template <class Visitor>
  static void visit(const value& given, Visitor&& visitor) {
    std::visit(visitor, given.held_);
  }
  template <class T>
  static const T* part(const value& given) noexcept {
    return std::get_if<T>(&given.held_);
  }
};

namespace {

[[noreturn]] void mismatch(const char* wanted, const value& actual) {
  throw value_error(std::string("wanted ") + wanted + ", but it is " + name_of(actual.type()));
}

template <class T>
const T& require(const value& given, const char* wanted) {
  const T* const part = value_access::part<T>(given);
  if (!part) mismatch(wanted, given);
  return *part;
}

}  // namespace

kind value::type() const noexcept {
  constexpr kind kinds[] = {kind::null, kind::boolean, kind::integer, kind::integer, kind::real,
                            kind::text, kind::binary,  kind::list,    kind::map};
  return kinds[held_.index()];
}

bool value::boolean() const { return require<bool>(*this, "a boolean"); }

double value::real() const {
  if (const auto* whole = std::get_if<std::int64_t>(&held_)) return static_cast<double>(*whole);
  if (const auto* whole = std::get_if<std::uint64_t>(&held_)) return static_cast<double>(*whole);
  return require<double>(*this, "a number");
}

const std::string& value::text() const { return require<std::string>(*this, "a text"); }
const std::string& value::bytes() const { return require<wamp::binary>(*this, "bytes").bytes; }
const list& value::elements() const { return require<wamp::list>(*this, "a list"); }
const dict& value::members() const { return require<wamp::dict>(*this, "a map"); }

std::int64_t value::integer() const {
  if (const auto* large = std::get_if<std::uint64_t>(&held_)) {
    if (!std::in_range<std::int64_t>(*large)) detail::out_of_range(*large);
    return static_cast<std::int64_t>(*large);
  }
  return require<std::int64_t>(*this, "an integer");
}

std::uint64_t value::natural() const {
  if (const auto* large = std::get_if<std::uint64_t>(&held_)) return *large;
  const auto whole = require<std::int64_t>(*this, "an integer");
  if (whole < 0) detail::out_of_range(whole);
  return static_cast<std::uint64_t>(whole);
}

const value& value::operator[](std::string_view key) const {
  const auto& all = members();
  const auto found = all.find(key);
  if (found == all.end()) throw value_error("there is no member \"" + std::string(key) + "\"");
  return found->second;
}

const value& value::operator[](std::size_t position) const {
  const auto& all = elements();
  if (position >= all.size())
    throw value_error("there is no element " + std::to_string(position) + " in a list of " +
                      std::to_string(all.size()));
  return all[position];
}

const value* value::find(std::string_view key) const noexcept {
  const auto* all = std::get_if<wamp::dict>(&held_);
  if (!all) return nullptr;
  const auto found = all->find(key);
  return found == all->end() ? nullptr : &found->second;
}

std::string to_text(const value& shown) {
  writer bytes(serializer::json);
  codec<value>::write(bytes, shown);
  return std::string(bytes.view());
}

void codec<value>::write(writer& to, const value& given) {
  struct {
    writer& to;
    void operator()(std::monostate) const { to.null(); }
    void operator()(bool part) const { to.boolean(part); }
    void operator()(std::int64_t part) const { to.integer(part); }
    void operator()(std::uint64_t part) const { to.natural(part); }
    void operator()(double part) const { to.real(part); }
    void operator()(const std::string& part) const { to.text(part); }
    void operator()(const binary& part) const { to.binary(part.bytes); }
    void operator()(const list& part) const { codec<list>::write(to, part); }
    void operator()(const dict& part) const { codec<dict>::write(to, part); }
  } const visitor{to};
  value_access::visit(given, visitor);
}

value codec<value>::read(reader& from) {
  switch (from.peek()) {
    case kind::null:
      from.null();
      return {};
    case kind::boolean:
      return from.boolean();
    case kind::integer:
      try {
        return from.integer();
      } catch (const value_error&) {  // it does not fit
      }
      try {
        return from.natural();
      } catch (const value_error&) {  // only CBOR has integers below -2^63
      }
      return from.real();
    case kind::real:
      return from.real();
    case kind::text:
      return std::string(from.text());
    case kind::binary:
      return binary(std::string(from.bytes()));
    case kind::list:
      return codec<list>::read(from);
    case kind::map:
      return codec<dict>::read(from);
  }
  return {};
}

namespace detail {

void out_of_range(std::int64_t number) {
  throw value_error("the integer " + std::to_string(number) + " is out of the wanted type's range");
}
void out_of_range(std::uint64_t number) {
  throw value_error("the integer " + std::to_string(number) + " is out of the wanted type's range");
}
void wrong_count(std::size_t wanted, bool more) {
  throw value_error("wanted a list of " + std::to_string(wanted) + ", but it has " + (more ? "more" : "fewer"));
}

dict read_dict(serializer format, std::string_view bytes) {
  if (bytes.empty()) return {};
  reader from(format, bytes);
  return codec<dict>::read(from);
}

list read_list(serializer format, std::string_view bytes) {
  if (bytes.empty()) return {};
  reader from(format, bytes);
  return codec<list>::read(from);
}

namespace {

std::string_view empty_list(serializer format) noexcept {
  switch (format) {
    case serializer::json:
      return "[]";
    case serializer::msgpack:
      return "\x90";
    default:
      return "\x80";
  }
}

}  // namespace

argument_reader::argument_reader(const payload& from)
    : reader_(from.format, from.args.empty() ? empty_list(from.format) : from.args) {
  reader_.enter_list();
}

void wrong_arguments(std::size_t wanted, bool more) {
  throw value_error("wanted " + std::to_string(wanted) + (wanted == 1 ? " argument" : " arguments") +
                    ", but there are " + (more ? "more" : "fewer"));
}

void wrong_results(bool none) {
  throw value_error(none ? "the call has no result; use call<void>, or std::optional"
                         : "the call has several results; use std::tuple, or wamp::result");
}

}  // namespace detail
}  // namespace interloop::wamp
