// SPDX-License-Identifier: MIT
#include <interloop/http/client.hpp>

#include "clients/http/session.hpp"

#include <interloop/error.hpp>

#include <utility>

namespace interloop::http {

client::client(api loop, client_options options) : session_(std::make_shared<session>(loop, std::move(options))) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&& other) noexcept {
  std::swap(session_, other.session_);
  return *this;
}
client::~client() { close(); }

void client::close() noexcept {
  if (session_) session_->close();
}

std::size_t client::in_flight() const noexcept { return session_ ? session_->in_flight() : 0; }

future<response> client::send(request what) {
  if (!session_) throw usage_error("http::client: it was moved from");
  return session_->send(std::move(what));
}

future<streamed_response> client::open(request what) {
  if (!session_) throw usage_error("http::client: it was moved from");
  return session_->open(std::move(what));
}

future<response> client::get(std::string url) { return send(std::move(url)); }

future<response> client::post(std::string url, std::string body, std::string content_type) {
  return send(request("POST", std::move(url), std::move(body)).with_header("Content-Type", std::move(content_type)));
}

}  // namespace interloop::http
