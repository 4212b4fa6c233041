// SPDX-License-Identifier: MIT
// A connection that speaks Redis' protocol: what is said first, and replies. What is said then is decided by the classes
// that derive from this.
//
// User code never runs inside of these functions: they complete futures, whose callbacks run later.
#pragma once

#include "reader.hpp"

#include "clients/stream/connection.hpp"

#include <interloop/redis/options.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace interloop::redis {

using streams::address;
using streams::bytes;

/// Thread safety: the loop's thread only.
class line : public streams::connection {
 protected:
  line(api loop, client_options options);
  ~line() override;

  /// A reply; it may be moved from. May call `fail`, and then must return.
  virtual void on_reply(reply& got) = 0;

  [[nodiscard]] const client_options& options() const noexcept { return options_; }

 private:
  void on_connected() final;
  void on_bytes(const char* data, std::size_t size) final;
  void on_resumed() final { deliver(); }
  [[nodiscard]] failure make_failure(kind what, const std::string& text) const final;

  void on_greeting(const reply& got);
  void deliver();
  [[nodiscard]] std::string without_secrets(std::string text) const;

  client_options options_;
  std::optional<reader> reader_;
  std::vector<const char*> greetings_;  // the commands whose replies are to come
  std::size_t greeted_ = 0;
};

}  // namespace interloop::redis
