// SPDX-License-Identifier: MIT
#include "stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace interloop::streams {
namespace {

std::string system_message(int code) { return std::system_category().message(code); }

void set(int fd, int level, int option, int value) {
  static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

}  // namespace

bool stream::open(const native_address& to) {
  close();
  problem_.clear();
  fd_ = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    problem_ = system_message(errno);
    return false;
  }
  if (!to.local()) {
    set(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
    // A server that has vanished is noticed within about half a minute, also by those who only listen.
    set(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set(fd_, IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(fd_, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(fd_, IPPROTO_TCP, TCP_KEEPCNT, 3);
#endif
#ifdef TCP_USER_TIMEOUT
    set(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
#endif
  }
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0 && errno != EINPROGRESS &&
      errno != EINTR) {
    problem_ = system_message(errno);
    close();
    return false;
  }
  return true;
}

bool stream::finish_connecting() {
  int code = 0;
  socklen_t length = sizeof code;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &length) != 0) code = errno;
  if (code != 0) problem_ = system_message(code);
  return code == 0;
}

stream::result stream::from(tls_session::result how) {
  switch (how) {
    case tls_session::result::done:
      return result::done;
    case tls_session::result::wants_read:
      return result::wants_read;
    case tls_session::result::wants_write:
      return result::wants_write;
    case tls_session::result::closed:
      return result::closed;
    case tls_session::result::failed:
      break;
  }
  problem_ = "TLS: " + tls_->problem();
  return result::failed;
}

stream::result stream::shake_hands() { return from(tls_->shake_hands()); }

stream::result stream::read(char* into, std::size_t most, std::size_t& got) {
  if (tls_) return from(tls_->read(into, most, got));
  ssize_t received;
  do {
    received = ::recv(fd_, into, most, 0);
  } while (received < 0 && errno == EINTR);
  if (received > 0) {
    got = static_cast<std::size_t>(received);
    return result::done;
  }
  if (received == 0) return result::closed;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return result::wants_read;
  problem_ = system_message(errno);
  return result::failed;
}

stream::result stream::write(const char* from_here, std::size_t size, std::size_t& taken) {
  if (tls_) return from(tls_->write(from_here, size, taken));
  ssize_t sent;
  do {
    sent = ::send(fd_, from_here, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    taken = static_cast<std::size_t>(sent);
    return result::done;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return result::wants_write;
  problem_ = system_message(errno);
  return result::failed;
}

void stream::acknowledge() noexcept {
#ifdef TCP_QUICKACK  // Linux: once; the kernel goes back to delaying by itself
  set(fd_, IPPROTO_TCP, TCP_QUICKACK, 1);
#endif
}

void stream::finish() noexcept {
  if (tls_) tls_->finish();
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void stream::close() noexcept {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace interloop::streams
