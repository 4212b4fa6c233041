// SPDX-License-Identifier: MIT
//
// libwslay's layer of frames, not its layer of messages: that one keeps an object of its own for every fragment, so that a
// message of one-byte fragments takes many times its size.
#include "websocket_frames.hpp"

#include "random.hpp"

#include <wslay/wslay.h>
#include <interloop/error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace interloop::wamp::websocket {
namespace {

constexpr std::size_t longest_header = 14;
constexpr std::size_t longest_control = 125;
constexpr std::size_t most_kept = std::size_t{1} << 20;

bool is_control(opcode what) noexcept { return (static_cast<unsigned>(what) & 8) != 0; }

bool may_be_sent(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

wslay_frame_context* made(const wslay_frame_callbacks& calls, void* self) {
  wslay_frame_context_ptr native = nullptr;
  if (wslay_frame_context_init(&native, &calls, self) != 0) throw std::bad_alloc();
  return native;
}

}  // namespace

// ---- Writing ----

struct writer_calls {
  static ssize_t send(const std::uint8_t* data, std::size_t size, int, void* self) noexcept {
    // There is room, so this does not throw.
    static_cast<writer*>(self)->to_->append({reinterpret_cast<const char*>(data), size});
    return static_cast<ssize_t>(size);
  }
  static int make_mask(std::uint8_t* to, std::size_t size, void*) noexcept { return random_bytes(to, size) ? 0 : -1; }
};

writer::writer() : native_(made({&writer_calls::send, nullptr, &writer_calls::make_mask}, this)) {}

void writer::freeing::operator()(wslay_frame_context* native) const noexcept { wslay_frame_context_free(native); }

void writer::append(streams::bytes& to, opcode what, std::string_view payload) {
  static_cast<void>(to.room(payload.size() + longest_header));
  const std::size_t before = to.size();
  to_ = &to;
  wslay_frame_iocb frame{};
  frame.fin = 1;
  frame.opcode = static_cast<std::uint8_t>(what);
  frame.mask = 1;
  frame.payload_length = payload.size();
  frame.data = reinterpret_cast<const std::uint8_t*>(payload.data());
  frame.data_length = payload.size();
  do {
    const ssize_t sent = wslay_frame_send(native_.get(), &frame);
    if (sent < 0) {
      to.shorten_to(before);
      native_.reset(made({&writer_calls::send, nullptr, &writer_calls::make_mask}, this));
      throw error("WebSocket: there is no mask, as the system has no random numbers");
    }
    frame.data += sent;
    frame.data_length -= static_cast<std::size_t>(sent);
  } while (frame.data_length > 0);
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  if (code == 1005) return {};
  std::string made{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  if (reason.size() > longest_control - 2) {
    std::size_t end = longest_control - 2;  // not within a character
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0) == 0x80) --end;
    reason = reason.substr(0, end);
  }
  made += reason;
  return made;
}

// ---- Reading ----

struct reader::piece {
  wslay_frame_iocb native{};
  [[nodiscard]] std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(native.data), native.data_length};
  }
};

struct reader_calls {
  static ssize_t receive(std::uint8_t* to, std::size_t most, int, void* self) noexcept {
    streams::bytes& held = static_cast<reader*>(self)->held_;
    const std::size_t count = std::min(most, held.size());
    if (count == 0) return -1;
    held.view().copy(reinterpret_cast<char*>(to), count);
    held.consume(count);
    return static_cast<ssize_t>(count);
  }
};

reader::reader(bool text, std::size_t largest)
    : native_(made({nullptr, &reader_calls::receive, nullptr}, this)), text_(text), largest_(largest) {}

reader::event reader::broken(std::uint16_t code, std::string why) {
  ended_ = true;
  payload_ = {};
  code_ = code;
  problem_ = std::move(why);
  return event::broken;
}

reader::event reader::next() {
  if (ended_) return problem_.empty() ? event::none : event::broken;
  if (!in_message_ && !payload_.empty()) {
    message_.clear();
    if (message_.capacity() > most_kept) message_ = std::string();
  }
  payload_ = {};
  for (;;) {
    piece got;
    const ssize_t size = wslay_frame_recv(native_.get(), &got.native);
    if (size == WSLAY_ERR_WANT_READ) return event::none;
    if (size < 0) return broken(1002, "a frame's header is wrong");
    if (!in_frame_ && !begin_frame(got)) return event::broken;
    const std::string_view bytes = got.bytes();
    if (is_control(opcode_)) {
      control_ += bytes;
    } else {
      if (text_ && !utf8_.feed(bytes)) return broken(1007, "a message is not UTF-8");
      message_ += bytes;
    }
    left_ -= bytes.size();
    if (left_ > 0) continue;
    in_frame_ = false;
    if (const event ended = end_frame(); ended != event::none) return ended;
  }
}

bool reader::begin_frame(const piece& first) {
  in_frame_ = true;
  fin_ = first.native.fin != 0;
  opcode_ = static_cast<opcode>(first.native.opcode);
  left_ = first.native.payload_length;
  const auto refuse = [this](std::uint16_t code, std::string why) {
    static_cast<void>(broken(code, std::move(why)));
    return false;
  };
  if (first.native.rsv != 0) return refuse(1002, "a frame has reserved bits set, though no extension was negotiated");
  if (first.native.mask != 0) return refuse(1002, "a frame from the server is masked");
  switch (opcode_) {
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
      control_.clear();
      return true;
    case opcode::continuation:
      if (!in_message_) return refuse(1002, "a continuation of no message");
      break;
    case opcode::text:
    case opcode::binary:
      if (in_message_) return refuse(1002, "a message begins inside of another one");
      if ((opcode_ == opcode::text) != text_)
        return refuse(1003, text_ ? "a binary message, but the subprotocol is of text"
                                  : "a text message, but the subprotocol is binary");
      in_message_ = true;
      message_.clear();
      utf8_.reset();
      break;
    default:
      return refuse(1002, "a frame has the reserved opcode " + std::to_string(static_cast<unsigned>(opcode_)));
  }
  if (left_ > largest_ || message_.size() > largest_ - left_)
    return refuse(1009, "a message of more than " + std::to_string(largest_) + " bytes");
  return true;
}

reader::event reader::end_frame() {
  if (is_control(opcode_)) return end_control();
  if (!fin_) return event::none;
  if (text_ && !utf8_.complete()) return broken(1007, "a message ends within a character of UTF-8");
  in_message_ = false;
  payload_ = message_;
  return event::message;
}

reader::event reader::end_control() {
  payload_ = control_;
  if (opcode_ == opcode::ping) return event::ping;
  if (opcode_ == opcode::pong) return event::pong;
  if (control_.size() == 1) return broken(1002, "a close frame has half a code");
  code_ = 1005;
  if (!control_.empty()) {
    code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 |
                                       static_cast<unsigned char>(control_[1]));
    payload_.remove_prefix(2);
    if (!may_be_sent(code_)) return broken(1002, "a close frame has the code " + std::to_string(code_));
    utf8_check check;
    if (!check.feed(payload_) || !check.complete()) return broken(1007, "a close frame's reason is not UTF-8");
  }
  ended_ = true;
  return event::close;
}

}  // namespace interloop::wamp::websocket
