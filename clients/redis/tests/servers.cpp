// SPDX-License-Identifier: MIT
#include "servers.hpp"

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
#include <filesystem>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

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

bool installed(const std::string& program) {
  std::istringstream folders(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace

temporary_folder::temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "interloop-redis-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int free_port() {
  int port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

bool redis_server::available() { return installed("redis-server"); }

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
  std::vector<std::string> all{"redis-server", "--bind",      "127.0.0.1", "--save", "",
                               "--appendonly", "no",          "--dir",     folder,   "--unixsocket",
                               socket,         "--databases", "4"};
  bool by_tls = false;
  for (const std::string& each : options_) {
    by_tls = by_tls || each == "{port}";
    all.push_back(each == "{port}" ? port : each);
  }
  all.insert(all.end(), {"--port", by_tls ? "0" : port});
  std::vector<char*> arguments;
  for (std::string& each : all) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execvp("redis-server", arguments.data());
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!answers()) {
    const bool ended = ::waitpid(process_, nullptr, WNOHANG) != 0;
    if (ended) process_ = -1;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      kill();
      throw std::runtime_error("redis-server does not answer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // another process: no event to wait for
  }
}

void redis_server::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

mute_server::mute_server() : socket_(listen_on_free_port(port_)) {}

mute_server::~mute_server() {
  if (connection_ >= 0) ::close(connection_);
  ::close(socket_);
}

void mute_server::accept() {
  if (connection_ >= 0) ::close(connection_);
  connection_ = ::accept(socket_, nullptr, nullptr);
  if (connection_ < 0) throw std::runtime_error("no connection to accept");
}

void mute_server::say(std::string_view text) const {
  if (::send(connection_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("nothing can be said");
}

std::string mute_server::hear(std::size_t count) const {
  std::string heard(count, '\0');
  if (::recv(connection_, heard.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count))
    throw std::runtime_error("nothing is heard");
  return heard;
}

void mute_server::hang_up() {
  if (connection_ < 0) accept();
  ::close(std::exchange(connection_, -1));
}

bool make_certificates(const temporary_folder& in) {
  if (!installed("openssl")) return false;
  const std::string commands =
      "cd '" + in.file("") +
      "' && printf 'subjectAltName=DNS:redis.test,IP:127.0.0.1' >names && "
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority "
      "-keyout authority.key -out authority.pem && "
      "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=redis.test "
      "-keyout server.key -out server.csr && "
      "openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 "
      "-extfile names -out server.pem";
  return std::system(("( " + commands + " ) >/dev/null 2>&1").c_str()) == 0;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}
