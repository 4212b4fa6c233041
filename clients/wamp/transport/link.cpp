// SPDX-License-Identifier: MIT
#include "link.hpp"

#include <interloop/wamp/error.hpp>

#include <utility>

namespace interloop::wamp {

failure link::lost(std::string_view why) const { return create_failure(connection_error(about(why))); }

failure link::make_failure(kind, const std::string& text) const { return create_failure(connection_error(text)); }

void link::negotiated(serializer format) {
  format_ = format;
  come_up();
  pause_reading();  // until there is a listener
}

void link::listen(transport_listener& to) {
  if (listener_) throw usage_error("transport: it has a listener already");
  listener_ = &to;
  if (up()) {
    resume_reading();
  } else {
    const auto self = std::static_pointer_cast<link>(shared_from_this());
    loop().call_soon([self] { self->tell_gone(); });
  }
}

void link::drop() noexcept {
  listener_ = nullptr;
  close("the transport was destroyed");
}

void link::on_bytes(const char* data, std::size_t size) {
  if (!leaving_) on_input(data, size);
}

void link::on_resumed() {
  if (!leaving_) read_on();
}

void link::leave(failure why, duration limit) {
  if (!up() || leaving_) return;
  leaving_ = true;
  end_with(std::move(why));
  leave_limit_ = loop().call_later(limit, [this] { close("the server did not end the connection"); });
  resume_reading();
  tell_when_sent();
}

void link::on_sent() { finish_writing(); }

void link::refuse(std::string_view why) {
  failure broken = create_failure(protocol_error(about(why)));
  if (up()) {
    leave(std::move(broken), linger);
  } else {
    fail(broken, true);
  }
}

bool link::may_answer(std::size_t size, std::size_t most) {
  if (out().empty()) answers_ = 0;
  answers_ += size;
  if (answers_ <= most) return true;
  refuse("the server sends pings and does not read the answers");
  return false;
}

void link::on_down(const failure& why, const std::string&) noexcept {
  leave_limit_.cancel();
  why_ = why;
  tell_gone();
}

void link::tell_gone() noexcept {
  if (!listener_ || !why_) return;
  const std::optional<failure> why = std::exchange(why_, std::nullopt);
  std::exchange(listener_, nullptr)->on_gone(*why);
}

namespace {

class handle final : public transport {
 public:
  explicit handle(std::shared_ptr<link> of) noexcept : link_(std::move(of)) {}
  ~handle() override { link_->drop(); }

  [[nodiscard]] serializer format() const noexcept override { return link_->format(); }
  void send(std::string_view message) override { link_->send(message); }
  [[nodiscard]] std::size_t unsent() const noexcept override { return link_->unsent(); }
  [[nodiscard]] std::size_t largest() const noexcept override { return link_->largest(); }
  void close() noexcept override { link_->leave_orderly(); }
  void listen(transport_listener& to) override { link_->listen(to); }

 private:
  std::shared_ptr<link> link_;
};

}  // namespace

std::unique_ptr<transport> make_handle(std::shared_ptr<link> of) { return std::make_unique<handle>(std::move(of)); }

}  // namespace interloop::wamp
