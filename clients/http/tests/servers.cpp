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
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

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
  if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(made, 1024) != 0 ||
      ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no listening socket");
  port = ntohs(address.sin_port);
  return made;
}

bool listens(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(port);
  const bool there = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return there;
}

/// Where a program is; empty if it is not installed. nginx is where only root's PATH leads.
std::string program(const std::string& name) {
  std::istringstream folders(std::string(std::getenv("PATH") ? std::getenv("PATH") : "") + ":/usr/sbin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
  return {};
}

/// Starts a program with no input and no output, which ends with this one.
pid_t spawn(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const pid_t made = ::fork();
  if (made < 0) throw std::runtime_error("fork failed");
  if (made == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  return made;
}

constexpr const char* configuration = R"(
daemon off; master_process off; worker_processes 1;
pid nginx.pid; error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off; default_type text/plain; server_tokens off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 200m; keepalive_requests 1000000; http2_max_concurrent_streams 256;
  ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:@PLAIN@ backlog=4096;
    listen 127.0.0.1:@TLS@ ssl http2 backlog=4096;
    listen 127.0.0.1:@H2C@ http2 backlog=4096;
    root www;
    location = /hello { add_header X-Repeat one; add_header X-Repeat two; return 200 "hello\n"; }
    location = /method { return 200 "$request_method"; }
    location = /version { return 200 "$server_protocol"; }
    location = /seen { return 200 "auth=$http_authorization cookie=$http_cookie own=$http_x_own agent=$http_user_agent type=$content_type"; }
    location = /missing { return 404 "not here"; }
    location = /to_method { return 302 /method; }
    location = /see_other { return 303 /method; }
    location = /same_method { return 307 /method; }
    location = /loop { return 302 /loop; }
    location = /elsewhere { return 302 http://localhost:@PLAIN@/seen; }
    location = /near { return 302 /seen; }
    location = /downgrade { return 302 http://127.0.0.1:@PLAIN@/hello; }
    location = /strange { return 302 ftp://127.0.0.1/hello; }
    location /dav/ { dav_methods PUT DELETE; create_full_put_path on; client_body_buffer_size 1m; }
    location /gzip/ { gzip on; gzip_min_length 1; gzip_types *; alias www/; }
    location /slow/ { limit_rate 2k; alias www/; }
  }
}
)";

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

}  // namespace

int free_port() {
  int port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

int open_sockets() {
  int count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the folder's own descriptor
    count += std::filesystem::read_symlink(each, gone).string().starts_with("socket:");
  }
  return count;
}

// ---- nginx ----

bool nginx_server::available() { return !program("nginx").empty() && !program("openssl").empty(); }

nginx_server::nginx_server() : plain_port_(free_port()), tls_port_(free_port()), h2c_port_(free_port()) {
  const char* parent = std::getenv("TMPDIR");
  folder_ = std::string(parent ? parent : "/tmp") + "/interloop_nginx_XXXXXX";
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  std::filesystem::create_directories(folder_ + "/www/dav");
  std::ofstream(folder_ + "/www/zeros") << std::string(8 << 20, '0');
  std::ofstream(folder_ + "/www/small") << std::string(64 << 10, 's');
  std::string text = configuration;
  replace_all(text, "@PLAIN@", std::to_string(plain_port_));
  replace_all(text, "@TLS@", std::to_string(tls_port_));
  replace_all(text, "@H2C@", std::to_string(h2c_port_));
  // nginx takes the folder of its configuration for some relative names, and its prefix for others.
  std::ofstream(folder_ + "/nginx.conf") << text;

  const pid_t certifier =
      spawn({program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             folder_ + "/key.pem", "-out", folder_ + "/cert.pem"});
  int status = 1;
  ::waitpid(certifier, &status, 0);
  if (status != 0) throw std::runtime_error("openssl made no certificate");
  start();
}

nginx_server::~nginx_server() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void nginx_server::start() {
  process_ = spawn({program("nginx"), "-p", folder_, "-c", folder_ + "/nginx.conf", "-e", "stderr"});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!listens(h2c_port_)) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(process_, nullptr, WNOHANG) != 0) {
      kill();
      throw std::runtime_error("nginx does not answer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // another process: no event to wait for
  }
}

void nginx_server::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

std::string nginx_server::plain(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(plain_port_) + std::string(path);
}
std::string nginx_server::tls(std::string_view path) const {
  return "https://localhost:" + std::to_string(tls_port_) + std::string(path);
}
std::string nginx_server::h2c(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(h2c_port_) + std::string(path);
}

// ---- Scripted ----

std::string scripted_server::connection::read_until(std::string_view until) {
  std::string got;
  for (char c; !got.ends_with(until) && ::recv(fd_, &c, 1, 0) == 1;) got += c;
  return got;
}

std::string scripted_server::connection::read(std::size_t bytes) {
  std::string got(bytes, 0);
  const auto came = ::recv(fd_, got.data(), bytes, MSG_WAITALL);
  got.resize(came > 0 ? static_cast<std::size_t>(came) : 0);
  return got;
}

void scripted_server::connection::write(std::string_view text) {
  while (!text.empty()) {
    const auto went = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (went <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(went));
  }
}

void scripted_server::connection::hang_up() { ::shutdown(fd_, SHUT_RDWR); }

void scripted_server::connection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // The server closes it last; only closing resets.
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup3(nowhere, fd_, O_CLOEXEC);
  ::close(nowhere);
}

scripted_server::scripted_server(std::function<void(connection)> script)
    : script_(std::move(script)), socket_(listen_on_free_port(port_)), thread_([this] { serve(); }) {}

scripted_server::~scripted_server() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    for (const int each : open_) ::shutdown(each, SHUT_RDWR);
  }
  ::shutdown(socket_, SHUT_RDWR);
  thread_.join();
  for (const int each : open_) ::close(each);
  ::close(socket_);
}

void scripted_server::serve() {
  for (;;) {
    const int fd = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      if (ends_) return;
    }
    script_(connection(fd));
  }
}

std::string scripted_server::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}
