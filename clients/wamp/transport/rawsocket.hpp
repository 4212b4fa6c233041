// SPDX-License-Identifier: MIT
// A connection by RawSocket. It answers pings and sends none: Crossbar takes one for a message that is too long.
#pragma once

#include "link.hpp"
#include "rawsocket_frames.hpp"

#include <array>
#include <optional>

namespace interloop::wamp {

class rawsocket_link final : public link {
 public:
  rawsocket_link(api loop, streams::connection_options options, serializer format, const transport_options& wanted);

  [[nodiscard]] std::size_t largest() const noexcept override { return peer_largest_; }
  void send(std::string_view message) override;
  void leave_orderly() noexcept override;

  /// Whether the handshake ended because of the serializer, or might have: another one may do.
  [[nodiscard]] bool refused_serializer() const noexcept { return refused_serializer_; }

 private:
  void on_connected() override;
  void on_input(const char* data, std::size_t size) override;
  void read_on() override;

  const serializer wanted_;
  const duration goodbye_;  // how long it may take
  const unsigned length_code_;
  std::array<char, 4> answer_{};
  std::size_t answered_ = 0;
  bool refused_serializer_ = false;
  std::size_t peer_largest_ = 0;
  rawsocket::reader reader_;
};

}  // namespace interloop::wamp
