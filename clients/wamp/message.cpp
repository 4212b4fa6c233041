// SPDX-License-Identifier: MIT
#include "message.hpp"

#include "unreadable.hpp"

#include <interloop/wamp/error.hpp>
#include <interloop/wamp/reader.hpp>

#include <algorithm>
#include <iterator>

namespace interloop::wamp {

namespace {

struct description {
  message_type code;
  const char* name;
  const char* parts;
};

// The specification, section "Messages". The order is that of the codes.
constexpr description messages[] = {
    {message_type::hello, "HELLO", "ud"},
    {message_type::welcome, "WELCOME", "id"},
    {message_type::abort, "ABORT", "duak"},
    {message_type::challenge, "CHALLENGE", "ud"},
    {message_type::authenticate, "AUTHENTICATE", "ud"},
    {message_type::goodbye, "GOODBYE", "du"},
    {message_type::error, "ERROR", "iiduak"},
    {message_type::publish, "PUBLISH", "iduak"},
    {message_type::published, "PUBLISHED", "ii"},
    {message_type::subscribe, "SUBSCRIBE", "idu"},
    {message_type::subscribed, "SUBSCRIBED", "ii"},
    {message_type::unsubscribe, "UNSUBSCRIBE", "ii"},
    {message_type::unsubscribed, "UNSUBSCRIBED", "iD"},
    {message_type::event, "EVENT", "iidak"},
    {message_type::call, "CALL", "iduak"},
    {message_type::cancel, "CANCEL", "id"},
    {message_type::result, "RESULT", "idak"},
    {message_type::register_, "REGISTER", "idu"},
    {message_type::registered, "REGISTERED", "ii"},
    {message_type::unregister, "UNREGISTER", "ii"},
    {message_type::unregistered, "UNREGISTERED", "iD"},
    {message_type::invocation, "INVOCATION", "iidak"},
    {message_type::interrupt, "INTERRUPT", "id"},
    {message_type::yield, "YIELD", "idak"},
};

const description* find(std::uint64_t code) noexcept {
  const auto* const found = std::find_if(std::begin(messages), std::end(messages), [code](const description& each) {
    return static_cast<std::uint64_t>(each.code) == code;
  });
  return found == std::end(messages) ? nullptr : found;
}

std::string_view raw_of(reader& from, kind wanted) {
  if (from.peek() != wanted)
    throw value_error("wanted " + std::string(name_of(wanted)) + ", but it is " + name_of(from.peek()));
  return from.raw();
}

void read_parts(message& into, const char* parts, reader& from) {
  std::size_t ids = 0;
  for (const char* part = parts; *part != '\0'; ++part) {
    const bool optional = *part == 'D' || *part == 'a' || *part == 'k';
    if (!from.more()) {
      if (optional) return;
      throw protocol_error("it ends too early");
    }
    switch (*part) {
      case 'i': {
        const std::uint64_t id = from.natural();
        if (id > largest_id) throw protocol_error("an id is above 2^53");
        into.ids[ids++] = id;
        break;
      }
      case 'u':
        into.uri = from.text();
        break;
      case 'a':
        if (from.peek() == kind::binary) {
          from.skip();
          into.unreadable = "they are bytes (a payload that is passed through, encrypted perhaps)";
          break;
        }
        into.body.args = raw_of(from, kind::list);
        break;
      case 'k':
        into.body.kwargs = raw_of(from, kind::map);
        break;
      default:
        into.body.details = raw_of(from, kind::map);
        break;
    }
  }
  if (from.more()) throw protocol_error("it has too many parts");
}

/// Calls `use(reader)` at the member's value.
template <class Use>
auto member(const detail::payload& from, std::string_view name, kind wanted, Use&& use)
    -> std::optional<decltype(use(std::declval<reader&>()))> {
  if (from.details.size() <= 1) return std::nullopt;
  reader all(from.format, from.details);
  all.enter_map();
  while (all.more()) {
    const bool same = all.key() == name;
    if (!same) {
      all.skip();
      continue;
    }
    if (all.peek() != wanted) return std::nullopt;
    return use(all);
  }
  return std::nullopt;
}

}  // namespace

const char* parts_of(std::uint64_t code) noexcept {
  const description* const found = find(code);
  return found ? found->parts : nullptr;
}

std::string name_of_message(std::uint64_t code) {
  const description* const found = find(code);
  return found ? found->name : "a message of type " + std::to_string(code);
}

message read_message(serializer format, std::string_view bytes) {
  message read;
  read.body.format = format;
  const description* about = nullptr;
  const auto what = [&] {
    return std::string("the router sent ") + (about ? "a malformed " : "") + (about ? about->name : "no message");
  };
  try {
    reader from(format, bytes);
    from.enter_list();
    if (!from.more()) throw protocol_error("it is an empty list");
    const std::uint64_t code = from.natural();
    about = find(code);
    if (!about) throw protocol_error("its type, " + std::to_string(code) + ", is unknown");
    read.type = about->code;
    try {
      read_parts(read, about->parts, from);
      from.finish();
    } catch (const unreadable& why) {
      // Before the arguments is only what routers write.
      if (read.body.details.empty()) throw;
      read.unreadable = why.what();
    }
    if (!read.unreadable.empty()) read.body.args = read.body.kwargs = {};
  } catch (const protocol_error& why) {
    throw protocol_error(what() + ": " + why.what());
  } catch (const value_error& why) {
    throw protocol_error(what() + ": " + why.what());
  }
  return read;
}

std::optional<bool> get_flag(const detail::payload& from, std::string_view name) {
  return member(from, name, kind::boolean, [](reader& at) { return at.boolean(); });
}
std::optional<std::string> get_text(const detail::payload& from, std::string_view name) {
  return member(from, name, kind::text, [](reader& at) { return std::string(at.text()); });
}
std::optional<std::uint64_t> get_id(const detail::payload& from, std::string_view name) {
  try {
    return member(from, name, kind::integer, [](reader& at) { return at.natural(); });
  } catch (const value_error&) {  // negative
    return std::nullopt;
  }
}

}  // namespace interloop::wamp
