// SPDX-License-Identifier: MIT
#include "websocket.hpp"

#include <interloop/wamp/error.hpp>

#include <limits>
#include <string>
#include <utility>

namespace interloop::wamp {

using websocket::opcode;

namespace {

constexpr std::size_t most_answers = std::size_t{64} << 10;

}  // namespace

websocket_link::websocket_link(api loop, streams::connection_options options, transport_url url,
                               const transport_options& wanted)
    : link(loop, std::move(options)),
      url_(std::move(url)),
      offered_(wanted.serializers),
      largest_(wanted.largest),
      ping_interval_(wanted.ping_interval),
      ping_timeout_(wanted.ping_timeout) {}

std::size_t websocket_link::largest() const noexcept { return std::numeric_limits<std::size_t>::max(); }

void websocket_link::on_connected() {
  const std::string key = websocket::make_key();
  answer_.emplace(key, offered_);
  out().append(websocket::request(url_, key, offered_));
}

void websocket_link::on_input(const char* data, std::size_t size) {
  heard_ = true;
  if (pinged_ && !closing_) {
    pinged_ = false;
    silence_.cancel();
    watch_silence(ping_interval_);
  }
  if (!reader_) {
    const std::size_t taken = answer_->feed(data, size);
    data += taken;
    size -= taken;
    switch (answer_->now()) {
      case websocket::answer_reader::state::incomplete:
        return;
      case websocket::answer_reader::state::refused:
        return fail(answer_->problem(), true);
      case websocket::answer_reader::state::broken:
        return refuse(answer_->problem());
      case websocket::answer_reader::state::accepted:
        reader_.emplace(answer_->chosen() == serializer::json, largest_);
        negotiated(answer_->chosen());
        answer_.reset();
        if (ping_interval_ > duration::zero()) watch_silence(ping_interval_);
        break;
    }
  }
  reader_->feed(data, size);
  read_on();
}

void websocket_link::read_on() {
  while (reading()) {
    switch (reader_->next()) {
      case websocket::reader::event::none:
        return;
      case websocket::reader::event::message:
        if (!closing_) deliver(reader_->payload());
        break;
      case websocket::reader::event::ping:
        if (closing_) break;
        if (!may_answer(reader_->payload().size() + 6, most_answers)) return;
        writer_.append(out(), opcode::pong, reader_->payload());
        flush_soon();
        break;
      case websocket::reader::event::pong:
        break;
      case websocket::reader::event::close:
        return on_close();
      case websocket::reader::event::broken:
        if (!closing_) writer_.append(out(), opcode::close, websocket::close_payload(reader_->code(), {}));
        closing_ = true;
        return refuse("WebSocket: " + reader_->problem());
    }
  }
}

void websocket_link::on_close() {
  if (closing_) return leave(lost("the transport was closed"), linger);
  closing_ = true;
  writer_.append(out(), opcode::close, websocket::close_payload(reader_->code(), {}));
  std::string text = "the server closed the connection";
  if (reader_->code() != 1005) text += ", code " + std::to_string(reader_->code());
  if (!reader_->payload().empty()) text += ": " + std::string(reader_->payload());
  leave(lost(text), linger);
}

void websocket_link::send(std::string_view message) {
  if (!up() || leaving() || closing_) return;
  flush_soon();
  writer_.append(out(), format() == serializer::json ? opcode::text : opcode::binary, message);
}

void websocket_link::leave_orderly() noexcept {
  if (!up() || leaving() || closing_) return;
  closing_ = true;
  silence_.cancel();
  try {
    end_with(lost("the transport was closed"));
    writer_.append(out(), opcode::close, websocket::close_payload(1000, {}));
    flush_soon();
    silence_ = loop().call_later(ping_timeout_, [this] { close("the server did not answer the close"); });
  } catch (...) {  // no memory for an orderly end
    close("the transport was closed");
  }
}

void websocket_link::watch_silence(duration room) {
  heard_ = false;
  silence_ = loop().call_later(room, [this] { on_silence(); });
}

void websocket_link::on_silence() {
  if (!reading() || heard_) {
    pinged_ = false;
    return watch_silence(ping_interval_);
  }
  if (pinged_) {
    look();
    if (pinged_ && up()) fail("the server has not answered a ping in time", true);
    return;
  }
  pinged_ = true;
  watch_silence(ping_timeout_);
  writer_.append(out(), opcode::ping, {});
  flush_soon();
}

void websocket_link::on_down(const failure& why, const std::string& text) noexcept {
  silence_.cancel();
  link::on_down(why, text);
}

}  // namespace interloop::wamp
