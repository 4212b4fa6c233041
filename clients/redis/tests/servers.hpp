// SPDX-License-Identifier: MIT
// The servers of the tests: a real redis-server that they start, and one that does what a test tells it. All on
// 127.0.0.1 or a Unix socket.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

/// A temporary folder, deleted with this object.
class temporary_folder {
 public:
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// A redis-server without persistence on a free port and a Unix socket; it ends with this object, and with the test
/// program in any case.
class redis_server {
 public:
  /// Whether redis-server is installed.
  [[nodiscard]] static bool available();

  /// Returns when it answers. Throws `std::runtime_error` if it does not within ten seconds.
  /// \param options  more options of redis-server; where one is `{port}`, it stands for the port, which is then TLS's.
  explicit redis_server(std::vector<std::string> options = {});
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;
  ~redis_server() { kill(); }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string path() const { return folder_.file("socket"); }
  /// Ends it immediately, like a crash.
  void kill();
  /// After `kill`: on the same port and socket, without data.
  void start();

 private:
  [[nodiscard]] bool answers() const;

  temporary_folder folder_;
  std::vector<std::string> options_;
  int port_ = 0;
  pid_t process_ = -1;
};

/// A listening socket; the kernel accepts its connections, and nobody answers unless the test does.
class mute_server {
 public:
  mute_server();
  mute_server(const mute_server&) = delete;
  mute_server& operator=(const mute_server&) = delete;
  ~mute_server();

  [[nodiscard]] int port() const { return port_; }
  /// Accepts one connection, which must exist, in place of an earlier one.
  void accept();
  /// Sends to that connection.
  void say(std::string_view text) const;
  /// Receives that many bytes.
  [[nodiscard]] std::string hear(std::size_t count) const;
  /// Accepts one connection, unless there is one, and closes it.
  void hang_up();

 private:
  int socket_;
  int port_;
  int connection_ = -1;
};

/// A port on which nobody listens.
[[nodiscard]] int free_port();

/// Certificates, made by `openssl`: `authority.pem`, and for the server `server.pem` and `server.key`, for the name
/// `redis.test` and the address 127.0.0.1. False if openssl is not installed.
[[nodiscard]] bool make_certificates(const temporary_folder& in);

/// How many descriptors this process has open.
[[nodiscard]] std::size_t open_descriptors();
