// SPDX-License-Identifier: MIT
#include "servers.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

using test_servers::listen_on_free_port;
using test_servers::program;

namespace {

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
  std::filesystem::create_directories(folder_.file("www/dav"));
  std::ofstream(folder_.file("www/zeros")) << std::string(8 << 20, '0');
  std::ofstream(folder_.file("www/small")) << std::string(64 << 10, 's');
  std::string text = configuration;
  replace_all(text, "@PLAIN@", std::to_string(plain_port_));
  replace_all(text, "@TLS@", std::to_string(tls_port_));
  replace_all(text, "@H2C@", std::to_string(h2c_port_));
  // nginx takes the folder of its configuration for some relative names, and its prefix for others.
  std::ofstream(folder_.file("nginx.conf")) << text;

  const std::vector<std::string> certify{program("openssl"),
                                         "req",
                                         "-x509",
                                         "-newkey",
                                         "ec",
                                         "-pkeyopt",
                                         "ec_paramgen_curve:prime256v1",
                                         "-nodes",
                                         "-days",
                                         "2",
                                         "-subj",
                                         "/CN=localhost",
                                         "-addext",
                                         "subjectAltName=DNS:localhost,IP:127.0.0.1",
                                         "-keyout",
                                         folder_.file("key.pem"),
                                         "-out",
                                         folder_.file("cert.pem")};
  if (!test_servers::succeeds(certify)) throw std::runtime_error("openssl made no certificate");
  start();
}

void nginx_server::start() {
  process_ = test_servers::server_process(
      {program("nginx"), "-p", folder_.path(), "-c", folder_.file("nginx.conf"), "-e", "stderr"});
  process_.wait_until([this] { return test_servers::accepts(h2c_port_); }, 10);
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
    const int fd = test_servers::accept_next(socket_);
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
