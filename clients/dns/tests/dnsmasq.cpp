// SPDX-License-Identifier: MIT
#include "dnsmasq.hpp"

#include "clients/support/loopback.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <string_view>

namespace {

// Asks for the addresses of the name "example".
bool answers(int port) {
  constexpr std::string_view question("\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1", 25);
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = test_servers::loopback(port);
  const timeval patience{0, 20'000};
  ::setsockopt(probe, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char answer[64];
  const bool right = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::send(probe, question.data(), question.size(), 0) > 0 &&
                     ::recv(probe, answer, sizeof answer, 0) > 0;
  ::close(probe);
  return right;
}

}  // namespace

bool dnsmasq::available() { return !test_servers::program("dnsmasq").empty(); }

dnsmasq::dnsmasq(const std::string& hosts, const std::vector<std::string>& options) : port_(test_servers::free_port()) {
  std::ofstream(folder_.file("hosts")) << hosts;
  // --no-daemon: in the foreground, as this user, and connections are served without forking.
  words_ = {test_servers::program("dnsmasq"),
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--addn-hosts=" + folder_.file("hosts"),
            "--local=/example/",
            "--bind-interfaces",
            "--listen-address=127.0.0.1",
            "--port=" + std::to_string(port_)};
  words_.insert(words_.end(), options.begin(), options.end());
  start();
}

void dnsmasq::start() {
  process_ = test_servers::server_process(words_);
  process_.wait_until([this] { return answers(port_); }, 30);
}
