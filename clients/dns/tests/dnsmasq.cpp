// SPDX-License-Identifier: MIT
#include "dnsmasq.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace {

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// A port that is free for datagrams and for connections.
int free_port() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int one = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = local(0);
    socklen_t length = sizeof address;
    const bool free = ::bind(one, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                      ::getsockname(one, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
                      ::bind(other, reinterpret_cast<sockaddr*>(&address), length) == 0;
    ::close(one);
    ::close(other);
    if (free) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no free port");
}

// Asks for the addresses of the name "example".
bool answers(int port) {
  constexpr std::string_view question("\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1", 25);
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(port);
  const timeval patience{0, 20'000};
  ::setsockopt(probe, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char answer[64];
  const bool right = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::send(probe, question.data(), question.size(), 0) > 0 &&
                     ::recv(probe, answer, sizeof answer, 0) > 0;
  ::close(probe);
  return right;
}

std::string where_it_is() {
  // In /usr/sbin, which is not in every user's PATH.
  for (const char* path : {"/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq", "/usr/bin/dnsmasq"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

}  // namespace

bool dnsmasq::available() { return !where_it_is().empty(); }

dnsmasq::dnsmasq(const std::string& hosts, const std::vector<std::string>& options) : port_(free_port()) {
  folder_ = (std::filesystem::temp_directory_path() / "interloop_dns_XXXXXX").string();
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  std::ofstream(folder_ + "/hosts") << hosts;
  // --no-daemon: in the foreground, as this user, and connections are served without forking.
  std::vector<std::string> words{where_it_is(),
                                 "--no-daemon",
                                 "--conf-file=/dev/null",
                                 "--no-resolv",
                                 "--no-hosts",
                                 "--addn-hosts=" + folder_ + "/hosts",
                                 "--local=/example/",
                                 "--bind-interfaces",
                                 "--listen-address=127.0.0.1",
                                 "--port=" + std::to_string(port_)};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);

  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!answers(port_))
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(process_, nullptr, WNOHANG) != 0) {
      stop();
      throw std::runtime_error("dnsmasq does not answer");
    }
}

void dnsmasq::stop() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}
