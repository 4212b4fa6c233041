// SPDX-License-Identifier: MIT
#include "servers.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int listen_on_free_port(int& port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = local(0);
  socklen_t length = sizeof address;
  if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(made, 8) != 0 ||
      ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no listening socket");
  port = ntohs(address.sin_port);
  return made;
}

bool answers(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(port);
  char answer[5] = {};
  const bool right = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::send(probe, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && ::recv(probe, answer, 5, MSG_WAITALL) == 5 &&
                     std::string_view(answer, 5) == "+PONG";
  ::close(probe);
  return right;
}

}  // namespace

int free_port() {
  int port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

bool redis_server::available() {
  std::istringstream folders(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/redis-server").c_str(), X_OK) == 0) return true;
  return false;
}

redis_server::redis_server() : port_(free_port()) {
  const std::string port = std::to_string(port_);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port.c_str(), "--save", "",
             "--appendonly", "no", "--dir", "/tmp", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!answers(port_)) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(process_, nullptr, WNOHANG) != 0) {
      kill();
      throw std::runtime_error("redis-server does not answer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // another process: no event to wait for
  }
}

void redis_server::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

mute_server::mute_server() : socket_(listen_on_free_port(port_)) {}

mute_server::~mute_server() { ::close(socket_); }

void mute_server::hang_up() { ::close(::accept(socket_, nullptr, nullptr)); }
