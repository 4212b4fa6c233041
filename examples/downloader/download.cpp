// SPDX-License-Identifier: MIT
#include "download.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace downloader {
namespace {

using interloop::future;
using interloop::interest;

class connection {
 public:
  connection() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (fd < 0) fail("cannot create a socket");
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { ::close(fd); }

  [[noreturn]] static void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

  const int fd;
};

// [ready]
/// Resolved when the descriptor is ready; cancelling it ends the watch.
future<void> ready(int fd, interest direction) {
  const auto watch = std::make_shared<interloop::fd_watch>();
  const auto done = interloop::create_future<void>([watch] { watch->stop(); });
  *watch = interloop::watch(fd, direction, [watch, done](interest) {
    watch->stop();
    if (!is_called(done)) resolve(done);
  });
  return done;
}
// [/ready]

std::string body_of(const std::string& response) {
  const auto head_end = response.find("\r\n\r\n");
  if (head_end == std::string::npos) throw std::runtime_error("the answer ended too early");
  if (response.substr(8, 5) != " 200 ")
    throw std::runtime_error("the server said: " + response.substr(0, response.find("\r\n")));
  return response.substr(head_end + 4);
}

}  // namespace

// [download]
future<std::string> download(std::uint16_t port, std::string path) {
  const connection server;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(server.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINPROGRESS) connection::fail("connect");
    co_await ready(server.fd, interest::write);
  }

  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  for (std::size_t sent = 0; sent < request.size();) {
    const auto went = ::send(server.fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (went >= 0) {
      sent += static_cast<std::size_t>(went);
    } else if (errno == EAGAIN) {
      co_await ready(server.fd, interest::write);
    } else {
      connection::fail("send");
    }
  }

  std::string response;
  for (char buffer[4096];;) {
    const auto got = ::recv(server.fd, buffer, sizeof buffer, 0);
    if (got == 0) break;
    if (got > 0) {
      response.append(buffer, static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      co_await ready(server.fd, interest::read);
    } else {
      connection::fail("recv");
    }
  }
  co_return body_of(response);
}
// [/download]

}  // namespace downloader
