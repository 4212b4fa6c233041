// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dns {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr char type_a = 1, class_in = 1;
constexpr char no_error = 0, name_error = 3;

std::string two_bytes(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }

}  // namespace

server::server(records known, bool mute)
    : known_(std::move(known)), mute_(mute), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 || ::bind(socket_, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0)
    throw std::system_error(errno, std::generic_category(), "dns::server: no socket");
  watch_ = interloop::watch(socket_, interloop::interest::read, [this](interloop::interest) { serve(); });
}

server::~server() {
  watch_.stop();
  ::close(socket_);
}

std::string server::address() const {
  sockaddr_in here{};
  socklen_t size = sizeof here;
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size);
  return "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
}

void server::serve() {
  char buffer[512];
  sockaddr_in from{};
  for (;;) {
    socklen_t size = sizeof from;
    const auto got = ::recvfrom(socket_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;  // no more messages for now
    const std::string reply = mute_ ? "" : answer({buffer, static_cast<std::size_t>(got)});
    if (!reply.empty()) ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

std::string server::answer(std::string_view message) const {
  if (message.size() < header_bytes) return {};
  std::string name;
  std::size_t at = header_bytes;
  while (at < message.size() && message[at] != 0) {
    const auto length = static_cast<unsigned char>(message[at]);
    if (at + 1 + length >= message.size()) return {};
    name.append(name.empty() ? "" : ".").append(message.substr(at + 1, length));
    at += 1u + length;
  }
  if (at + 5 > message.size()) return {};
  const std::string_view question = message.substr(header_bytes, at + 5 - header_bytes);
  const bool asks_for_a = question[question.size() - 3] == type_a && question.back() == class_in;

  const auto found = known_.find(name);
  const std::vector<std::string> none;
  const auto& addresses = found != known_.end() && asks_for_a ? found->second : none;
  // Same id; a response, recursion desired and available; one question and the answers; then each answer: the name by
  // reference to the question, type A, class IN, a minute to live, four bytes.
  std::string reply(message.substr(0, 2));
  reply += {'\x81', static_cast<char>(0x80 | (found == known_.end() ? name_error : no_error))};
  reply += two_bytes(1) + two_bytes(addresses.size()) + two_bytes(0) + two_bytes(0);
  reply += question;
  for (const std::string& each : addresses) {
    in_addr address{};
    ::inet_pton(AF_INET, each.c_str(), &address);
    reply += std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04", header_bytes);
    reply.append(reinterpret_cast<const char*>(&address), sizeof address);
  }
  return reply;
}

}  // namespace dns
