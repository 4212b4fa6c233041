// SPDX-License-Identifier: MIT
#include "scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace {

sockaddr_in name_of(int fd) {
  sockaddr_in here{};
  socklen_t size = sizeof here;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size);
  return here;
}

int bound(int type, int port) {
  const int made = ::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  here.sin_port = static_cast<in_port_t>(port);
  if (made >= 0 && ::bind(made, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0) return made;
  ::close(made);
  return -1;
}

}  // namespace

scripted_server::scripted_server(interloop::api loop, script answer) : loop_(loop), answer_(std::move(answer)) {
  for (int attempt = 0; attempt < 100; ++attempt) {  // one port for both
    socket_ = bound(SOCK_DGRAM, 0);
    listener_ = bound(SOCK_STREAM, name_of(socket_).sin_port);
    if (listener_ >= 0) break;
    ::close(socket_);
  }
  if (listener_ < 0 || ::listen(listener_, 8) != 0) throw std::runtime_error("no free port");
  watch_ = loop_.watch(socket_, interloop::interest::read, [this](interloop::interest) { serve(); });
  listening_ = loop_.watch(listener_, interloop::interest::read, [this](interloop::interest) { accept(); });
}

scripted_server::~scripted_server() {
  reading_.stop();
  listening_.stop();
  watch_.stop();
  if (connection_ >= 0) ::close(connection_);
  ::close(listener_);
  ::close(socket_);
}

std::string scripted_server::address() const { return "127.0.0.1:" + std::to_string(ntohs(name_of(socket_).sin_port)); }

void scripted_server::serve() {
  char buffer[512];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const auto got = ::recvfrom(socket_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return;
  ++asked_;
  for (const std::string& each : answer_({buffer, static_cast<std::size_t>(got)}))
    ::sendto(socket_, each.data(), each.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
}

void scripted_server::accept() {
  if (connection_ >= 0) return;  // one after the other
  connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection_ < 0) return;
  ++connected_;
  listening_.set_interest(interloop::interest::none);
  reading_ = loop_.watch(connection_, interloop::interest::read, [this](interloop::interest) {
    char bytes[4096];
    while (::recv(connection_, bytes, sizeof bytes, 0) > 0) {
    }
    reading_.stop();
    ::close(std::exchange(connection_, -1));
    listening_.set_interest(interloop::interest::read);
  });
}

std::string right_answer(std::string_view question) {
  std::string answer = empty_answer(question, 0);
  answer[7] = 1;  // one record: the name by reference, type A, class IN, a minute to live, four bytes
  return answer + std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", 16);
}

std::string empty_answer(std::string_view question, char code, char flags) {
  std::string answer(question);
  answer[2] = static_cast<char>('\x81' | flags);
  answer[3] = static_cast<char>('\x80' | code);
  return answer;
}
