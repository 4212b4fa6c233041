// SPDX-License-Identifier: MIT
#include "front.hpp"

#include "download.hpp"

#include <interloop/blocking.hpp>

#include <random>
#include <stdexcept>

namespace downloader {

using namespace std::chrono_literals;

running_server::~running_server() {
  http.stop();
  if (thread_.joinable()) thread_.join();
}

void running_server::start() {
  const int port = http.bind_to_any_port("127.0.0.1");
  if (port < 0) throw std::runtime_error("no free port");
  port_ = static_cast<std::uint16_t>(port);
  thread_ = std::thread([this] { http.listen_after_bind(); });
  while (!http.is_running()) std::this_thread::yield();
}

std::optional<std::uint64_t> sessions::take(const std::string& session) {
  std::lock_guard lock(mutex_);
  const auto found = uids_.find(session);
  if (found == uids_.end()) return std::nullopt;
  const std::uint64_t uid = found->second;
  uids_.erase(found);
  return uid;
}

void sessions::keep(const std::string& session, std::uint64_t uid) {
  std::lock_guard lock(mutex_);
  uids_.insert_or_assign(session, uid);
}

namespace {

/// The visitor's session, from the cookie; a new one if there is none.
std::string session_of(const httplib::Request& request, httplib::Response& response) {
  const std::string cookie = request.get_header_value("Cookie");
  const std::string prefix = "session=";
  if (cookie.starts_with(prefix)) return cookie.substr(prefix.size());
  std::random_device random;
  const std::string fresh = std::to_string(random()) + std::to_string(random());
  response.set_header("Set-Cookie", prefix + fresh + "; HttpOnly; SameSite=Strict");
  return fresh;
}

// [registry]
const auto start_download = interloop::run_in_reactor(&download);

std::string answer(sessions& kept, const std::string& session, std::uint16_t port, const std::string& path) {
  const std::optional<std::uint64_t> uid = kept.take(session);
  if (!uid) {
    kept.keep(session, start_download(port, path).stash());
    return "Starting the download. Refresh to see how far it is.";
  }
  const auto result = interloop::retrieve_result<std::string>(*uid);
  try {
    return "Downloaded: " + result.wait(100ms);
  } catch (const interloop::timeout_error&) {
    kept.keep(session, result.stash());  // a result can be retrieved only once, so it is stashed again
    return "Download in progress. Refresh to see how far it is.";
  } catch (const std::exception&) {
    return "Download failed: " + failure_message(*result.original_failure());
  }
}
// [/registry]

}  // namespace

void serve_front(httplib::Server& http, sessions& kept, std::uint16_t page_port) {
  http.Get("/.*", [&kept, page_port](const httplib::Request& request, httplib::Response& response) {
    const std::string session = session_of(request, response);
    response.set_content(answer(kept, session, page_port, request.path) + "\n", "text/plain");
  });
}

}  // namespace downloader
