// SPDX-License-Identifier: MIT
#include <interloop/logging/journal_sink.hpp>

#include <interloop/error.hpp>

#include "logging/journal_fields.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace interloop {

namespace {

// Closes its descriptor.
class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const char* what) {
  throw error(std::string("journal_sink: ") + what + ": " + std::strerror(errno));
}

// A value with a line end is sent with its size, eight bytes, lowest first.
void put(std::string& message, std::string_view name, std::string_view value) {
  message += name;
  if (value.find('\n') == value.npos) {
    (message += '=') += value;
  } else {
    message += '\n';
    for (std::uint64_t size = value.size(), i = 0; i < 8; ++i, size >>= 8) message += static_cast<char>(size & 0xFF);
    message += value;
  }
  message += '\n';
}

}  // namespace

struct journal_sink::inside {
  descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ::sockaddr_un address{};
  std::string identifier{};

  void send(const ::msghdr& message) const {
    while (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0)
      if (errno != EINTR) fail("the journal does not accept the message");
  }
  void send_as_file(std::string_view text);
};

journal_sink::journal_sink(std::string_view identifier, std::string_view socket) : inside_(new inside) {
  inside_->identifier = identifier.empty() ? std::string_view(::program_invocation_short_name) : identifier;
  inside_->address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof inside_->address.sun_path)
    throw usage_error("journal_sink: '" + std::string(socket) + "' cannot be a socket's path: a path must have 1 to " +
                      std::to_string(sizeof inside_->address.sun_path - 1) + " bytes");
  std::memcpy(inside_->address.sun_path, socket.data(), socket.size());
  if (inside_->socket.get() < 0) fail("cannot create a socket");
  const ::timeval second{1, 0};
  if (::setsockopt(inside_->socket.get(), SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second) < 0)
    fail("cannot set the socket's time limit");
}

journal_sink::~journal_sink() = default;

void journal_sink::write(const log_event& event) {
  std::string text;
  for (const auto& [name, value] : detail::fields_for_journal(event)) put(text, name, value);
  put(text, "SYSLOG_IDENTIFIER", inside_->identifier);

  ::iovec part{text.data(), text.size()};
  ::msghdr message{};
  message.msg_name = &inside_->address;
  message.msg_namelen = sizeof inside_->address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  while (::sendmsg(inside_->socket.get(), &message, MSG_NOSIGNAL) < 0) {
    if (errno == EMSGSIZE || errno == ENOBUFS) return inside_->send_as_file(text);
    if (errno != EINTR) fail("the journal does not accept the message");
  }
}

void journal_sink::inside::send_as_file(std::string_view text) {
  const descriptor file(::memfd_create("journal-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (file.get() < 0) fail("cannot create a file for a large message");
  while (!text.empty()) {
    const ::ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) fail("cannot write a large message");
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  // The journal reads the file in place, so nobody may change it any more.
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
    fail("cannot seal a large message");

  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ::cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = file.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  send(message);
}

}  // namespace interloop
