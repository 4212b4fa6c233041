// SPDX-License-Identifier: MIT
#include <interloop/redis/client.hpp>

#include "encode.hpp"
#include "session.hpp"

#include <interloop/coroutine.hpp>

#include <string>
#include <utility>
#include <vector>

namespace interloop::redis {

client::client(api loop, client_options options) : session_(std::make_shared<session>(loop, std::move(options))) {}

client::~client() { session_->close("the client was destroyed"); }

future<void> client::connect(const std::string& host, int port) {
  return session_->connect(streams::tcp_address(host, port));
}

future<void> client::connect_unix(const std::string& path) { return session_->connect(streams::unix_address(path)); }

future<reply> client::send(std::span<const word> words) { return session_->send_words(words); }

namespace {

/// Of the replies to MULTI, each command, and EXEC.
std::vector<reply> run_or_throw(const std::vector<reply>& all) {
  const reply& last = all.back();
  if (last.type() != reply::kind::error) return last.is_nil() ? std::vector<reply>() : last.elements();
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i].type() != reply::kind::error) continue;
    const std::string which = i == 0 ? "MULTI" : "command " + std::to_string(i);
    throw error_reply(all[i].text() + " (" + which + " of a transaction, which was not run)");
  }
  throw error_reply(last.text());
}

}  // namespace

future<transaction_outcome> client::exec(const transaction& commands) {
  bytes encoded;
  encode(encoded, {"MULTI"});
  encoded.append(commands.encoded_);
  encode(encoded, {"EXEC"});
  constexpr auto finish = [](api, future<reply> together) -> future<transaction_outcome> {
    const reply all = co_await together;
    const bool committed = !all.elements().back().is_nil();
    co_return transaction_outcome(committed, run_or_throw(all.elements()));
  };
  return finish(session_->home(), session_->send_together(encoded.view(), commands.size_ + 2));
}

void client::close() noexcept { session_->close("the client was closed"); }

bool client::connected() const noexcept { return session_->up(); }

std::size_t client::in_flight() const noexcept { return session_->in_flight(); }

}  // namespace interloop::redis
