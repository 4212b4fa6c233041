// SPDX-License-Identifier: MIT
#include "line.hpp"

#include "encode.hpp"

#include <interloop/redis/error.hpp>

#include <utility>

namespace interloop::redis {
namespace {

const client_options& checked(const client_options& options) {
  if (options.protocol != 2 && options.protocol != 3)
    throw usage_error("client_options: the protocol is 2 or 3, not " + std::to_string(options.protocol));
  if (options.protocol == 3 && !reads_protocol_3())
    throw usage_error("client_options: protocol 3 needs hiredis 1.0 or newer; this was built with an older one");
  if (options.database < 0) throw usage_error("client_options: the database must not be negative");
  return options;
}

streams::connection_options connection_options(const client_options& options) {
  streams::connection_options wanted{
      .client = "redis", .time_limit = options.connect_timeout, .name_servers = options.name_servers};
  if (options.tls) wanted.tls = streams::tls_parameters::from(*options.tls);
  if (options.reconnect) wanted.again = streams::pauses{options.reconnect->first, options.reconnect->most};
  return wanted;
}

}  // namespace

line::line(api loop, client_options options)
    : connection(loop, connection_options(checked(options))), options_(std::move(options)) {}

line::~line() = default;

failure line::make_failure(kind what, const std::string& text) const {
  return what == kind::took_too_long ? create_failure(timeout_error(text)) : create_failure(connection_error(text));
}

void line::on_connected() {
  reader_.emplace();
  greetings_.clear();
  greeted_ = 0;
  const auto say = [this](const char* name, std::initializer_list<word> words) {
    encode(out(), words);
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
}

void line::on_greeting(const reply& got) {
  const char* const name = greetings_[greeted_++];
  if (got.type() == reply::kind::error)
    return fail("the server refused " + std::string(name) + ": " + without_secrets(got.text()), !ever_up());
  if (greeted_ == greetings_.size()) come_up();
}

void line::on_bytes(const char* data, std::size_t size) {
  reader_->feed(data, size);
  deliver();
}

void line::deliver() {
  while (open() && !paused()) {
    reply* const got = reader_->next();
    if (!got) {
      const std::string problem = reader_->problem();
      if (!problem.empty()) fail("the server does not speak Redis' protocol: " + problem);
      return;
    }
    if (up()) [[likely]] {
      on_reply(*got);
    } else {
      on_greeting(*got);
    }
  }
}

std::string line::without_secrets(std::string text) const {
  for (std::size_t at = 0; !options_.password.empty() && (at = text.find(options_.password, at)) != std::string::npos;)
    text.replace(at, options_.password.size(), "***"), at += 3;
  return text;
}

}  // namespace interloop::redis
