// SPDX-License-Identifier: MIT
// The servers of the tests: a real nginx that they start, and one that misbehaves as a test wants. All on 127.0.0.1.
#pragma once

#include "clients/support/loopback.hpp"
#include "clients/support/server_process.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// An nginx with its own configuration in a temporary folder, on free ports: plain, and TLS with HTTP/2 and a
/// certificate made for it. Ends with this object, and with the test program in any case.
class nginx_server {
 public:
  /// Whether nginx and openssl are installed.
  [[nodiscard]] static bool available();

  /// Returns when it answers. Throws `std::runtime_error` if it does not within ten seconds.
  nginx_server();

  /// "http://127.0.0.1:port" + `path`, "https://localhost:port" + `path`, and HTTP/2 without TLS.
  [[nodiscard]] std::string plain(std::string_view path) const;
  [[nodiscard]] std::string tls(std::string_view path) const;
  [[nodiscard]] std::string h2c(std::string_view path) const;
  /// The PEM file of the authority that its certificate is from.
  [[nodiscard]] std::string ca_file() const { return folder_.file("cert.pem"); }

  /// Ends it immediately, like a crash; starts it again on the same ports.
  void kill() { process_.end(); }
  void start();

 private:
  test_servers::temporary_folder folder_;
  int plain_port_ = 0;
  int tls_port_ = 0;
  int h2c_port_ = 0;
  test_servers::server_process process_;
};

/// A listener whose behaviour is a function, which is called in a thread of the server's for each connection, one after
/// the other. Connections stay open until the server ends, except if the function closes them (`hang_up`).
class scripted_server {
 public:
  class connection {
   public:
    explicit connection(int fd) noexcept : fd_(fd) {}
    /// What came up to and with `until`. Shorter if the other side hangs up.
    std::string read_until(std::string_view until);
    /// So many bytes.
    std::string read(std::size_t bytes);
    void write(std::string_view text);
    void hang_up();
    /// Hangs up with a reset.
    void reset();

   private:
    int fd_;
  };

  explicit scripted_server(std::function<void(connection)> script);
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;
  ~scripted_server();

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  void serve();

  std::function<void(connection)> script_;
  int port_ = 0;
  int socket_;
  std::mutex mutex_;
  std::vector<int> open_;
  bool ends_ = false;
  std::thread thread_;
};

using test_servers::free_port;

/// How many sockets this process has open.
[[nodiscard]] int open_sockets();
