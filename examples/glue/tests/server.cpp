// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace glued {

namespace {

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

template <class Address>
void wait_for(int family, const Address& address) {
  for (int i = 0; i < 2000; ++i) {
    const int probe = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool there = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (there) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("the server does not answer");
}

}  // namespace

bool installed(const std::string& program) {
  std::istringstream folders((std::getenv("PATH") ? std::getenv("PATH") : "") + std::string(":/usr/sbin"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

int free_port() {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = local(0);
  socklen_t length = sizeof address;
  const bool bound = ::bind(made, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(made);
  if (!bound) throw std::runtime_error("no port");
  return ntohs(address.sin_port);
}

server::server(const std::vector<std::string>& command) : process_(::fork()) {
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words.front(), words.data());
  ::execv(("/usr/sbin/" + command.front()).c_str(), words.data());
  ::_exit(127);
}

server::~server() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void wait_for_server(int port) { wait_for(AF_INET, local(port)); }

void wait_for_server(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  wait_for(AF_UNIX, address);
}

}  // namespace glued
