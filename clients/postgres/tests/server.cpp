// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace {

/// The folder with the newest server's programs, or nothing.
std::string programs() {
  glob_t found{};
  std::string best;
  int newest = 0;
  if (::glob("/usr/lib/postgresql/*/bin/initdb", 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::filesystem::path folder = std::filesystem::path(found.gl_pathv[i]).parent_path();
      const int version = std::atoi(folder.parent_path().filename().c_str());
      if (version > newest) {
        newest = version;
        best = folder.string();
      }
    }
  ::globfree(&found);
  return best;
}

/// Whom the server runs as, if this is root.
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user ? user : ::getpwnam("nobody");
}

pid_t start(const std::vector<std::string>& words, const std::string& log, int end_signal) {
  std::vector<char*> arguments;
  for (const std::string& each : words) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = other_user();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child != 0) return child;
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, end_signal);
  if (::getppid() != parent) ::_exit(125);
  const int nowhere = ::open("/dev/null", O_RDONLY);
  const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(nowhere, 0);
  ::dup2(to, 1);
  ::dup2(to, 2);
  for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  ::setenv("LC_ALL", "C", 1);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

bool succeeds(const std::vector<std::string>& words, const std::string& log) {
  int status = 0;
  return ::waitpid(start(words, log, SIGKILL), &status, 0) > 0 && status == 0;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int listen_on_free_port(int& port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(made, 8) != 0 ||
      ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no listening socket");
  port = ntohs(address.sin_port);
  return made;
}

bool accepts(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool right = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return right;
}

}  // namespace

int free_port() {
  int port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

bool postgres_server::available() { return !programs().empty(); }

postgres_server& postgres_server::shared() {
  static postgres_server one;
  return one;
}

postgres_server::postgres_server() : port_(free_port()) {
  std::string name = (std::filesystem::temp_directory_path() / "interloop-postgres-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder_ = name;
  if (const passwd* user = other_user(); user && ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("cannot give a folder to another user");
  const std::string log = folder_ + "/log", data = folder_ + "/data", bin = programs();
  // As the server's own user: what is in the folder belongs to it.
  if (!succeeds({bin + "/initdb", "-D", data, "-U", "tester", "--auth=trust", "-N", "-E", "UTF8", "--no-locale"}, log))
    throw std::runtime_error("initdb failed: " + text_of(log));
  with_tls_ = true;
  for (const char* each : {"server", "other"})
    with_tls_ = with_tls_ && succeeds({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                       "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                                       "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                                       folder_ + "/" + each + ".key", "-out", folder_ + "/" + each + ".crt"},
                                      log);
  const std::string rules = data + "/pg_hba.conf", all = text_of(rules);
  std::ofstream(rules) << "host all guarded 127.0.0.1/32 scram-sha-256\n" << all;
  std::vector<std::string> words{bin + "/postgres", "-D", data, "-k", folder_, "-p", std::to_string(port_)};
  for (const std::string& setting :
       {std::string("listen_addresses=127.0.0.1"), std::string("fsync=off"), std::string("shared_buffers=16MB"),
        std::string("max_connections=50"), std::string("autovacuum=off"),
        std::string("ssl=") + (with_tls_ ? "on" : "off"), "ssl_cert_file=" + folder_ + "/server.crt",
        "ssl_key_file=" + folder_ + "/server.key"}) {
    words.emplace_back("-c");
    words.push_back(setting);
  }
  process_ = start(words, log, SIGQUIT);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const std::string prepare =
      "CREATE ROLE guarded LOGIN PASSWORD 'Pa55word-of-guarded'; CREATE TABLE scratch (id int, name text)";
  while (!accepts(port_) || !succeeds({bin + "/psql", "-q", "-h", folder_, "-p", std::to_string(port_), "-U", "tester",
                                       "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", prepare},
                                      log)) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(process_, nullptr, WNOHANG) != 0)
      throw std::runtime_error("PostgreSQL does not answer: " + text_of(log));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // another process: no event to wait for
  }
}

postgres_server::~postgres_server() {
  if (process_ > 0) {
    ::kill(process_, SIGQUIT);
    ::waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string postgres_server::local() const {
  return "host=" + folder_ + " port=" + std::to_string(port_) + " user=tester dbname=postgres";
}
std::string postgres_server::tcp() const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=tester dbname=postgres";
}

mute_server::mute_server() : socket_(listen_on_free_port(port_)) {}
mute_server::~mute_server() { ::close(socket_); }
void mute_server::hang_up() { ::close(::accept(socket_, nullptr, nullptr)); }

odd_server::odd_server(std::string answer) : socket_(listen_on_free_port(port_)) {
  thread_ = std::thread([this, answer = std::move(answer)] {
    const int client = ::accept(socket_, nullptr, nullptr);
    char heard[4096];
    const auto say = [client](std::string_view what) {
      static_cast<void>(::send(client, what.data(), what.size(), MSG_NOSIGNAL));
    };
    using namespace std::string_view_literals;
    if (::recv(client, heard, sizeof heard, 0) > 0) {
      say("R\0\0\0\x08\0\0\0\0"sv);              // authenticated
      say("K\0\0\0\x0c\0\0\0\x01\0\0\0\x02"sv);  // the key for cancelling
      say("S\0\0\0\x16"
          "server_version\0"
          "15\0"sv);          // as parameters are reported
      say("Z\0\0\0\x05I"sv);  // ready
      if (::recv(client, heard, sizeof heard, 0) > 0) say(answer);
      while (::recv(client, heard, sizeof heard, 0) > 0) {
      }
    }
    ::close(client);
  });
}

odd_server::~odd_server() {
  ::shutdown(socket_, SHUT_RDWR);  // if nobody has connected
  thread_.join();
  ::close(socket_);
}
