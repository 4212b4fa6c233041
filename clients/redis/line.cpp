// SPDX-License-Identifier: MIT
//
// Writing: everything that a turn has appended is written at once, behind the callbacks that are ready now. The socket
// nearly always takes it, so the loop is asked for writability only after it did not.
#include "line.hpp"

#include "encode.hpp"

#include <interloop/redis/error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>

namespace interloop::redis {
namespace {

std::uint32_t some_seed(const void* object) {
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return static_cast<std::uint32_t>((now ^ reinterpret_cast<std::uintptr_t>(object)) * 0x9e3779b97f4a7c15 >> 32);
}

constexpr std::size_t one_read = 16 * 1024;
constexpr int most_reads = 4;  // then other descriptors get their turn

}  // namespace

line::line(api loop, client_options options) : loop_(loop), options_(std::move(options)) {
  if (options_.protocol != 2 && options_.protocol != 3)
    throw usage_error("client_options: the protocol is 2 or 3, not " + std::to_string(options_.protocol));
  if (options_.protocol == 3 && !reads_protocol_3())
    throw usage_error("client_options: protocol 3 needs hiredis 1.0 or newer; this was built with an older one");
  if (options_.database < 0) throw usage_error("client_options: the database must not be negative");
  if (options_.tls) tls_.emplace(*options_.tls);
  if (options_.reconnect) backoff_.emplace(*options_.reconnect, some_seed(this));
}

line::~line() = default;

std::string line::about(std::string_view what) const {
  std::string text = "redis " + to_.text() + ": ";
  text += what;
  return text;
}

future<void> line::connect(address to) {
  if (active()) throw usage_error("connect: already connected or connecting to " + to_.text() + "; call close() first");
  auto attempt = loop_.create_future<void>([this] {
    connecting_ = {};  // so that it fails as cancelled
    close("the connection attempt was cancelled");
  });
  if (options_.tls && options_.tls->verify && to.local() && options_.tls->server_name.empty())
    throw usage_error("tls_options: set server_name, the name that the server's certificate is for, or verify = false");
  to_ = std::move(to);
  connecting_ = attempt;
  gone_.clear();
  ever_up_ = false;
  if (backoff_) backoff_->reset();
  sockaddr_storage unused;
  state_ = state::connecting;
  if (to_.native(unused) == 0) {
    fail("this is not a numeric address; look the name up first, which would block here", true);
  } else {
    begin();
  }
  return attempt;
}

void line::begin() noexcept {
  try {
    begin_or_throw();
  } catch (const std::exception& problem) {
    fail(problem.what());
  }
}

void line::begin_or_throw() {
  state_ = state::connecting;
  reader_.emplace();
  if (!stream_.open(to_)) return fail(stream_.problem());
  wanted_ = interest::write;  // which means that it is connected
  watch_ = loop_.watch(stream_.descriptor(), wanted_, [this](interest ready) { on_ready(ready); });
  if (options_.connect_timeout > duration::zero())
    deadline_ = loop_.call_later(options_.connect_timeout, [this] {
      const std::string text = about("connecting took too long");
      down(create_failure(timeout_error(text)), text, false);
    });
}

void line::on_ready(interest ready) {
  const std::shared_ptr<line> keep = shared_from_this();
  try {
    go_on(ready);
  } catch (const std::exception& problem) {
    if (active()) fail(problem.what());
  }
}

void line::go_on(interest ready) {
  switch (state_) {
    case state::connecting:
      if (!stream_.finish_connecting()) return fail(stream_.problem());
      if (!tls_) return greet();
      stream_.secure(*tls_, options_.tls->server_name.empty() ? to_.host : options_.tls->server_name);
      state_ = state::securing;
      return shake_hands();
    case state::securing:
      return shake_hands();
    case state::greeting:
    case state::up:
      break;
    case state::idle:
    case state::resting:
      return;
  }
  if (has(ready, interest::read) || read_wants_write_) receive();
  if (!open()) return;
  if (has(ready, interest::write)) write_blocked_ = false;
  if (has(ready, interest::read)) write_wants_read_ = false;
  send();
}

void line::shake_hands() {
  switch (stream_.shake_hands()) {
    case stream::result::done:
      return greet();
    case stream::result::wants_read:
      wanted_ = interest::read;
      break;
    case stream::result::wants_write:
      wanted_ = interest::write;
      break;
    case stream::result::closed:
      return fail("the server closed the connection during the TLS handshake");
    case stream::result::failed:
      return fail(stream_.problem(), stream_.refused() && !ever_up_);
  }
  watch_.set_interest(wanted_);
}

void line::greet() {
  state_ = state::greeting;
  greetings_.clear();
  greeted_ = 0;
  const auto say = [this](const char* name, std::initializer_list<word> words) {
    encode(out_, words);
    greetings_.push_back(name);
  };
  if (!options_.password.empty()) {
    if (options_.user.empty()) {
      say("AUTH", {"AUTH", options_.password});
    } else {
      say("AUTH", {"AUTH", options_.user, options_.password});
    }
  }
  if (options_.protocol == 3) say("HELLO", {"HELLO", "3"});
  if (!options_.name.empty()) say("CLIENT SETNAME", {"CLIENT", "SETNAME", options_.name});
  if (options_.database != 0) say("SELECT", {"SELECT", options_.database});
  if (greetings_.empty()) come_up();
  send();
}

void line::on_greeting(const reply& got) {
  const char* const name = greetings_[greeted_++];
  if (got.type() == reply::kind::error)
    return fail("the server refused " + std::string(name) + ": " + without_secrets(got.text()), !ever_up_);
  if (greeted_ == greetings_.size()) come_up();
}

void line::come_up() {
  state_ = state::up;
  ever_up_ = true;
  deadline_.cancel();
  if (backoff_) backoff_->reset();
  finish_connecting(nullptr);
  on_up();
  flush_soon();
}

void line::receive() {
  read_wants_write_ = false;
  char buffer[one_read];
  for (int round = 0; round < most_reads || stream_.holds_data(); ++round) {
    if (paused_) break;
    std::size_t got = 0;
    switch (stream_.read(buffer, sizeof buffer, got)) {
      case stream::result::done:
        break;
      case stream::result::wants_read:
        return set_interest();
      case stream::result::wants_write:
        read_wants_write_ = true;
        return set_interest();
      case stream::result::closed:
        return fail("the server closed the connection");
      case stream::result::failed:
        return fail(stream_.problem());
    }
    reader_->feed(buffer, got);
    deliver();
    if (!open()) return;
    if (got < sizeof buffer && !stream_.holds_data()) break;
  }
  set_interest();
}

void line::deliver() {
  while (open() && !paused_) {
    reply* const got = reader_->next();
    if (!got) {
      const std::string problem = reader_->problem();
      if (!problem.empty()) fail("the server does not speak Redis' protocol: " + problem);
      return;
    }
    if (state_ == state::up) [[likely]] {
      on_reply(*got);
    } else {
      on_greeting(*got);
    }
  }
}

void line::queue_flush() {
  loop_.call_soon([self = shared_from_this()] { self->flush(); });
  flush_queued_ = true;
}

void line::flush() {
  flush_queued_ = false;
  on_flush();
  if (state_ != state::up) return;
  try {
    send();
  } catch (const std::exception& problem) {
    if (active()) fail(problem.what());
  }
}

void line::send() {
  while (!out_.empty() && !write_blocked_ && !write_wants_read_) {
    const std::string_view all = out_.view();
    std::size_t taken = 0;
    switch (stream_.write(all.data(), all.size(), taken)) {
      case stream::result::done:
        out_.consume(taken);
        break;
      case stream::result::wants_write:
        write_blocked_ = true;
        break;
      case stream::result::wants_read:
        write_wants_read_ = true;
        break;
      case stream::result::closed:
      case stream::result::failed: {
        const std::string problem = stream_.problem().empty() ? "the server closed the connection" : stream_.problem();
        receive();  // what the server said before
        if (open()) fail(problem);
        return;
      }
    }
  }
  set_interest();
}

void line::set_interest() {
  interest wanted = paused_ ? interest::none : interest::read;
  if (write_blocked_ || read_wants_write_) wanted = wanted | interest::write;
  if (wanted != wanted_) watch_.set_interest(wanted_ = wanted);
}

void line::pause_reading() {
  paused_ = true;
  set_interest();
}

void line::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (!open()) return;
  loop_.call_soon([self = shared_from_this()] {
    if (!self->open() || self->paused_) return;
    try {
      self->deliver();
      if (self->open()) self->receive();
    } catch (const std::exception& problem) {
      if (self->active()) self->fail(problem.what());
    }
  });
}

void line::close(std::string_view why) noexcept {
  if (!active()) return;
  const std::string text = about(why);
  down(create_failure(connection_error(text)), text, true);
}

void line::fail(const std::string& why, bool for_good) {
  const std::string text = about(why);
  down(create_failure(connection_error(text)), text, for_good);
}

void line::down(const failure& why, const std::string& text, bool for_good) noexcept {
  const std::shared_ptr<line> keep = shared_from_this();
  release();
  gone_ = text;
  state_ = state::idle;
  if (!for_good && backoff_) {
    try {
      next_attempt_ = loop_.call_later(backoff_->next(), [this] { begin(); });
      state_ = state::resting;
    } catch (...) {  // no memory, or the loop was closed
    }
  }
  if (state_ == state::idle) finish_connecting(&why);
  on_down(text);
}

void line::release() noexcept {
  next_attempt_.cancel();
  deadline_.cancel();
  watch_.stop();
  stream_.close();
  out_.clear();
  paused_ = write_blocked_ = write_wants_read_ = read_wants_write_ = false;
}

void line::finish_connecting(const failure* failed) noexcept {
  const future<void> attempt = std::exchange(connecting_, {});
  if (!attempt || is_called(attempt)) return;
  if (failed) {
    reject(attempt, *failed);
  } else {
    resolve(attempt);
  }
}

std::string line::without_secrets(std::string text) const {
  for (std::size_t at = 0; !options_.password.empty() && (at = text.find(options_.password, at)) != std::string::npos;)
    text.replace(at, options_.password.size(), "***"), at += 3;
  return text;
}

}  // namespace interloop::redis
