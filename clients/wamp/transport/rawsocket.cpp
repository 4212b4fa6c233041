// SPDX-License-Identifier: MIT
#include "rawsocket.hpp"

#include <interloop/wamp/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace interloop::wamp {

rawsocket_link::rawsocket_link(api loop, streams::connection_options options, serializer format,
                               const transport_options& wanted)
    : link(loop, std::move(options)),
      wanted_(format),
      goodbye_(wanted.ping_timeout),
      length_code_(rawsocket::length_code(wanted.largest)),
      reader_(rawsocket::longest(length_code_)) {}

void rawsocket_link::on_connected() {
  const auto bytes = rawsocket::greeting(length_code_, wanted_);
  out().append({bytes.data(), bytes.size()});
  refused_serializer_ = true;  // if the server ends the connection now, as some do
}

void rawsocket_link::on_input(const char* data, std::size_t size) {
  if (answered_ < answer_.size()) {
    const std::size_t count = std::min(size, answer_.size() - answered_);
    std::copy_n(data, count, answer_.begin() + static_cast<std::ptrdiff_t>(answered_));
    answered_ += count;
    data += count;
    size -= count;
    if (answered_ < answer_.size()) return;
    const rawsocket::answer got = rawsocket::read_answer(answer_, wanted_);
    refused_serializer_ = got.refused_serializer;
    if (!got.problem.empty()) return refuse(got.problem);
    peer_largest_ = got.largest;
    negotiated(wanted_);
  }
  reader_.feed(data, size);
  read_on();
}

void rawsocket_link::read_on() {
  while (reading()) {
    switch (reader_.next()) {
      case rawsocket::reader::event::none:
        return;
      case rawsocket::reader::event::message:
        deliver(reader_.payload());
        break;
      case rawsocket::reader::event::ping:
        if (!may_answer(reader_.payload().size(), 2 * rawsocket::longest(length_code_))) return;
        rawsocket::append(out(), rawsocket::kind::pong, reader_.payload());
        flush_soon();
        break;
      case rawsocket::reader::event::pong:
        break;
      case rawsocket::reader::event::broken:
        return refuse(reader_.problem());
    }
  }
}

void rawsocket_link::send(std::string_view message) {
  if (!up() || leaving()) return;
  if (message.size() > peer_largest_)
    throw protocol_error(about("a message of " + std::to_string(message.size()) +
                               " bytes was not sent, as the router " + "takes at most " +
                               std::to_string(peer_largest_)));
  flush_soon();
  rawsocket::append(out(), rawsocket::kind::message, message);
}

void rawsocket_link::leave_orderly() noexcept {
  try {
    leave(lost("the transport was closed"), goodbye_);
  } catch (...) {  // no memory for an orderly end
    close("the transport was closed");
  }
}

}  // namespace interloop::wamp
