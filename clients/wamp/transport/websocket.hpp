// SPDX-License-Identifier: MIT
// A connection by WebSocket.
#pragma once

#include "link.hpp"
#include "upgrade.hpp"
#include "websocket_frames.hpp"

#include <optional>
#include <vector>

namespace interloop::wamp {

class websocket_link final : public link {
 public:
  websocket_link(api loop, streams::connection_options options, transport_url url, const transport_options& wanted);

  [[nodiscard]] std::size_t largest() const noexcept override;
  void send(std::string_view message) override;
  void leave_orderly() noexcept override;

 private:
  void on_connected() override;
  void on_input(const char* data, std::size_t size) override;
  void read_on() override;
  void on_down(const failure& why, const std::string& text) noexcept override;

  void open_frames();
  void on_close();
  void watch_silence(duration room);
  void on_silence();

  const transport_url url_;
  const std::vector<serializer> offered_;
  const std::size_t largest_;
  const duration ping_interval_, ping_timeout_;

  std::optional<websocket::answer_reader> answer_;
  std::optional<websocket::reader> reader_;
  websocket::writer writer_;
  bool closing_ = false;  // a close frame was sent
  bool heard_ = false;    // since the last look
  bool pinged_ = false;
  timer silence_;
};

}  // namespace interloop::wamp
