// SPDX-License-Identifier: MIT
// The web front: an ordinary threaded program that starts downloads in the background.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace downloader {

/// A cpp-httplib server on a free port of the loopback interface, listening in a thread of its own. Handlers are set
/// before `start`, and run in cpp-httplib's pool of threads.
class running_server {
 public:
  running_server() = default;
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;
  ~running_server();

  void start();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  httplib::Server http;

 private:
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// The part of a visitor's session that lasts between requests: the uid of the download. Thread safety: any thread.
class sessions {
 public:
  /// Removes and returns the uid: a result can be retrieved only once.
  std::optional<std::uint64_t> take(const std::string& session);
  void keep(const std::string& session, std::uint64_t uid);

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> uids_;
};

/// Sets the front's handler: a visitor's first request starts downloading `path` of the page server; later requests
/// show that the download is running, and finally the page, or the reason why there is none.
void serve_front(httplib::Server& http, sessions& kept, std::uint16_t page_port);

}  // namespace downloader
