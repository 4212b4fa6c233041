// SPDX-License-Identifier: MIT
//
// Writing: everything that a turn has appended is written at once, behind the callbacks that are ready now. The socket
// nearly always takes it, so the loop is asked for writability only after it did not.
#include "connection.hpp"

#include "names.hpp"

#include <interloop/error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>

namespace interloop::streams {
namespace {

std::uint32_t some_seed(const void* object) {
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return static_cast<std::uint32_t>((now ^ reinterpret_cast<std::uintptr_t>(object)) * 0x9e3779b97f4a7c15 >> 32);
}

constexpr std::size_t one_read = 16 * 1024;
constexpr int most_reads = 4;  // then other descriptors get their turn

}  // namespace

connection::connection(api loop, connection_options options) : loop_(loop), options_(std::move(options)) {
  if (options_.tls) tls_.emplace(*options_.tls);
  if (options_.again) backoff_.emplace(*options_.again, some_seed(this));
}

connection::~connection() = default;

std::string connection::about(std::string_view what) const {
  std::string text = options_.client + " " + to_.text() + ": ";
  text += what;
  return text;
}

/// Runs a step of the machine, which may end the connection, and then this object.
template <class Step>
void connection::guarded(Step step) noexcept {
  const std::shared_ptr<connection> keep = shared_from_this();
  try {
    try {
      step();
    } catch (const std::exception& problem) {
      if (active()) fail(problem.what());
    }
  } catch (...) {  // no memory to say so
    down(create_failure(std::bad_alloc()), "no memory", false);
  }
}

future<void> connection::connect(address to) {
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
  instead_.reset();
  ever_up_ = false;
  if (backoff_) backoff_->reset();
  begin();
  return attempt;
}

void connection::begin() noexcept {
  guarded([this] { begin_or_throw(); });
}

void connection::begin_or_throw() {
  state_ = state::connecting;
  if (options_.time_limit > duration::zero())
    deadline_ = loop_.call_later(options_.time_limit, [this] {
      const std::string text = about("connecting took too long");
      down(make_failure(kind::took_too_long, text), text, false);
    });
  const std::optional<native_address> known = to_.native();
  if (!known) return look_name_up();
  addresses_.assign(1, *known);
  try_next_address({});
}

void connection::look_name_up() {
  if (!reads_names())
    return fail(
        "this is not a numeric address, and this build of interloop cannot look names up: build it with the component "
        "dns (c-ares), or look the name up first",
        true);
  state_ = state::looking_up;
  lookup_ = look_up(loop_, to_, options_.name_servers);
  const auto mine = [weak = weak_from_this(), attempt = attempt_] {
    const auto self = weak.lock();
    return self && self->attempt_ == attempt ? self : nullptr;
  };
  add_callbacks(
      lookup_,
      [mine](const std::vector<native_address>& found) {
        const auto self = mine();
        if (!self) return;
        self->guarded([&] {
          self->state_ = state::connecting;
          self->addresses_ = found;
          self->try_next_address({});
        });
      },
      [mine](const failure& why) {
        const auto self = mine();
        if (!self) return;
        self->guarded(
            [&] { self->fail("looking the name up failed: " + std::string(why.message()), why.is<usage_error>()); });
      });
}

void connection::try_next_address(const std::string& problem) {
  share_.cancel();
  watch_.stop();
  stream_.close();
  const auto note = [this](const std::string& why) {
    if (why.empty()) return;
    if (!refusals_.empty()) refusals_ += "; ";
    if (to_.local() || to_.host == addresses_[next_address_ - 1].text() || to_.host == "localhost") {
      refusals_ += why;
    } else {
      refusals_ += addresses_[next_address_ - 1].text() + ": " + why;
    }
  };
  note(problem);
  while (next_address_ < addresses_.size()) {
    const bool last = ++next_address_ == addresses_.size();
    if (!stream_.open(addresses_[next_address_ - 1])) {
      note(stream_.problem());
      continue;
    }
    wanted_ = interest::write;  // which means that it is connected
    watch_ = loop_.watch(stream_.descriptor(), wanted_,
                         [this](interest ready) { guarded([this, ready] { go_on(ready); }); });
    if (!last && options_.time_limit > duration::zero())
      share_ = loop_.call_later(options_.time_limit / static_cast<duration::rep>(addresses_.size()),
                                [this] { guarded([this] { try_next_address("no answer"); }); });
    return;
  }
  fail(refusals_);
}

void connection::go_on(interest ready) {
  switch (state_) {
    case state::connecting:
      if (!stream_.finish_connecting()) return try_next_address(std::string(stream_.problem()));
      share_.cancel();
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
    case state::looking_up:
    case state::resting:
      return;
  }
  if (has(ready, interest::read) || read_wants_write_) receive();
  if (!open()) return;
  if (has(ready, interest::write)) write_blocked_ = false;
  if (has(ready, interest::read)) write_wants_read_ = false;
  send();
}

void connection::shake_hands() {
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

void connection::greet() {
  state_ = state::greeting;
  on_connected();
  if (open()) send();
}

void connection::come_up() {
  state_ = state::up;
  ever_up_ = true;
  deadline_.cancel();
  if (backoff_) backoff_->reset();
  finish_connecting(nullptr);
  on_up();
  flush_soon();
}

void connection::receive() {
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
    if (options_.acknowledge_at_once && !acknowledge_ && !to_.local()) {
      acknowledge_ = true;
      flush_soon();
    }
    on_bytes(buffer, got);
    if (!open()) return;
    if (got < sizeof buffer && !stream_.holds_data()) break;
  }
  set_interest();
}

void connection::look() noexcept {
  if (open()) guarded([this] { receive(); });
}

void connection::queue_flush() {
  loop_.call_soon([self = shared_from_this()] { self->flush(); });
  flush_queued_ = true;
}

void connection::flush() {
  flush_queued_ = false;
  on_flush();
  if (state_ != state::up) return;
  guarded([this] { send(); });
  if (std::exchange(acknowledge_, false) && open()) stream_.acknowledge();
}

void connection::send() {
  while (!out_.empty() && !write_blocked_ && !write_wants_read_) {
    const std::string_view all = out_.view();
    std::size_t taken = 0;
    switch (stream_.write(all.data(), all.size(), taken)) {
      case stream::result::done:
        out_.consume(taken);
        acknowledge_ = false;
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
  if (tell_when_sent_ && out_.empty()) {
    tell_when_sent_ = false;
    on_sent();
    if (!open()) return;
  }
  set_interest();
}

void connection::tell_when_sent() {
  tell_when_sent_ = true;
  flush_soon();
}

void connection::set_interest() {
  interest wanted = paused_ ? interest::none : interest::read;
  if (write_blocked_ || read_wants_write_) wanted = wanted | interest::write;
  if (wanted != wanted_) watch_.set_interest(wanted_ = wanted);
}

void connection::pause_reading() {
  paused_ = true;
  set_interest();
}

void connection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (!open()) return;
  loop_.call_soon([self = shared_from_this()] {
    if (!self->open() || self->paused_) return;
    self->guarded([&] {
      self->on_resumed();
      if (self->open()) self->receive();
    });
  });
}

void connection::close(std::string_view why) noexcept {
  if (!active()) return;
  try {
    const std::string text = about(why);
    down(make_failure(kind::lost, text), text, true);
  } catch (...) {  // no memory to say so
    down(create_failure(std::bad_alloc()), {}, true);
  }
}

void connection::fail(const std::string& why, bool for_good) {
  const std::string text = about(why);
  down(make_failure(kind::lost, text), text, for_good);
}

void connection::fail(const failure& why, bool for_good) { down(why, std::string(why.message()), for_good); }

void connection::down(const failure& given, const std::string& said, bool for_good) noexcept {
  const std::shared_ptr<connection> keep = shared_from_this();
  const std::optional<failure> instead = std::exchange(instead_, std::nullopt);
  const failure& why = instead ? *instead : given;
  std::string replaced;
  const std::string& text = instead ? replaced : said;
  release();
  try {
    if (instead) replaced = why.message();
    gone_ = text;
  } catch (...) {  // no memory: without a reason
    gone_.clear();
  }
  state_ = state::idle;
  if (!for_good && !instead && backoff_) {
    try {
      next_attempt_ = loop_.call_later(backoff_->next(), [this] { begin(); });
      state_ = state::resting;
    } catch (...) {  // no memory, or the loop was closed
    }
  }
  if (state_ == state::idle) finish_connecting(&why);
  on_down(why, text);
}

void connection::release() noexcept {
  ++attempt_;
  next_attempt_.cancel();
  deadline_.cancel();
  share_.cancel();
  if (const auto lookup = std::exchange(lookup_, {}); lookup && !is_called(lookup)) {
    try {
      cancel(lookup);
    } catch (...) {  // no memory: its end is not waited for
    }
  }
  addresses_.clear();
  next_address_ = 0;
  refusals_.clear();
  watch_.stop();
  stream_.close();
  out_.clear();
  paused_ = tell_when_sent_ = write_blocked_ = write_wants_read_ = read_wants_write_ = acknowledge_ = false;
}

void connection::finish_connecting(const failure* failed) noexcept {
  const future<void> attempt = std::exchange(connecting_, {});
  if (!attempt || is_called(attempt)) return;
  if (failed) {
    reject(attempt, *failed);
  } else {
    resolve(attempt);
  }
}

}  // namespace interloop::streams
