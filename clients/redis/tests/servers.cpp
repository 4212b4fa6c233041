// SPDX-License-Identifier: MIT
#include "servers.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

bool redis_server::available() { return !test_servers::program("redis-server").empty(); }

redis_server::redis_server(std::vector<std::string> options) : options_(std::move(options)) {
  for (int attempt = 0;; ++attempt) {  // somebody else may take the port first
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (attempt == 2) throw;
    }
  }
}

bool redis_server::answers() const {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  char answer[5] = {};
  bool right = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::send(probe, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && ::recv(probe, answer, 5, MSG_WAITALL) == 5;
  right = right && (std::string_view(answer, 5) == "+PONG" || std::string_view(answer, 5) == "-NOAU");
  ::close(probe);
  return right;
}

void redis_server::start() {
  const std::string port = std::to_string(port_);
  const std::string socket = path();
  const std::string folder = folder_.file("");
  std::vector<std::string> all{test_servers::program("redis-server"),
                               "--bind",
                               "127.0.0.1",
                               "--save",
                               "",
                               "--appendonly",
                               "no",
                               "--dir",
                               folder,
                               "--unixsocket",
                               socket,
                               "--databases",
                               "4"};
  bool by_tls = false;
  for (const std::string& each : options_) {
    by_tls = by_tls || each == "{port}";
    all.push_back(each == "{port}" ? port : each);
  }
  all.insert(all.end(), {"--port", by_tls ? "0" : port});
  process_ = server_process(std::move(all));
  process_.wait_until([this] { return answers(); }, 10);
}
