// SPDX-License-Identifier: MIT
// The simplest connection: it is up as soon as it is connected, and keeps what it hears.
#pragma once

#include "clients/stream/connection.hpp"

#include <interloop/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace stream_test {

namespace streams = interloop::streams;

/// What `connect` fails with.
struct lost : interloop::error {
  using error::error;
};
struct took_too_long : interloop::error {
  using error::error;
};

class line_to_server final : public streams::connection {
 public:
  line_to_server(interloop::api loop, streams::connection_options options) : connection(loop, std::move(options)) {}
  ~line_to_server() override = default;

  void say(std::string_view text) {
    out().append(text);
    flush_soon();
  }

  std::string heard;
  std::string down;  // why it is not up

 private:
  void on_connected() override { come_up(); }
  void on_up() override { down.clear(); }
  void on_bytes(const char* data, std::size_t size) override { heard.append(data, size); }
  void on_down(const interloop::failure&, const std::string& text) noexcept override { down = text; }
  interloop::failure make_failure(kind what, const std::string& text) const override {
    return what == kind::lost ? interloop::create_failure(lost(text)) : interloop::create_failure(took_too_long(text));
  }
};

/// A connection that ends with this.
class owned_line {
 public:
  owned_line(interloop::api loop, streams::connection_options options)
      : line_(std::make_shared<line_to_server>(loop, std::move(options))) {}
  owned_line(const owned_line&) = delete;
  owned_line& operator=(const owned_line&) = delete;
  ~owned_line() { line_->close("the end"); }
  line_to_server* operator->() const { return line_.get(); }

 private:
  std::shared_ptr<line_to_server> line_;
};

}  // namespace stream_test
