// SPDX-License-Identifier: MIT
#include "channel.hpp"

#include <interloop/dns/lookup_error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace interloop::dns {
namespace {

using namespace std::chrono_literals;

// c-ares must be initialised once per process.
void require_library() {
  static const int code = ares_library_init(ARES_LIB_INIT_ALL);
  if (code != ARES_SUCCESS) throw lookup_error("c-ares", code);
}

#if ARES_VERSION < 0x012200
// Before 1.34, c-ares writes to TCP connections by writev: if the server has closed one, SIGPIPE would end the process.
// With functions of one's own, c-ares sets no options of sockets either.
int open_socket(int domain, int type, int protocol, void*) {
  const int made = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  const int on = 1;
  if (made >= 0 && type == SOCK_STREAM) ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}
int close_socket(int fd, void*) { return ::close(fd); }
int connect_socket(int fd, const sockaddr* to, ares_socklen_t size, void*) { return ::connect(fd, to, size); }
ares_ssize_t receive(int fd, void* to, std::size_t size, int flags, sockaddr* from, ares_socklen_t* length, void*) {
  return ::recvfrom(fd, to, size, flags, from, length);
}
ares_ssize_t send(int fd, const iovec* parts, int count, void*) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}
constexpr ares_socket_functions without_signals{open_socket, close_socket, connect_socket, receive, send};
#endif

}  // namespace

channel::channel(loop& core, const resolver_options& how, function<void()> after, function<void(const failure&)> failed)
    : glue_(core, {.ready =
                       [this](int fd, interest ready, void*) {
                         process(has(ready, interest::read) ? fd : ARES_SOCKET_BAD,
                                 has(ready, interest::write) ? fd : ARES_SOCKET_BAD);
                       },
                   .expired = [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); },
                   .drain =
                       [after = std::move(after)]() mutable {
                         after();
                         return false;
                       },
                   .ask_deadline = [this] { ask_deadline(); },
                   .failed = std::move(failed)}) {
  constexpr auto most = std::chrono::milliseconds(std::numeric_limits<int>::max() / 1024);  // it doubles, in c-ares
  if (how.try_for < 1ms || how.try_for > most || how.tries < 1 || how.tries > 10 || how.at_once < 1)
    throw usage_error("dns: a resolver needs try_for from 1 ms to " + std::to_string(most.count()) +
                      " ms, tries from 1 to 10, and at_once of at least 1");
  require_library();
  ares_options wanted{};
  int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  wanted.timeout = static_cast<int>(how.try_for.count());
  wanted.tries = how.tries;
  wanted.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    interloop::glue& to = static_cast<channel*>(self)->glue_;
    if (!readable && !writable) return to.forget(fd);  // it is about to be closed
    to.want(fd, (readable ? interest::read : interest::none) | (writable ? interest::write : interest::none));
  };
  wanted.sock_state_cb_data = this;
  if (how.tcp) wanted.flags |= ARES_FLAG_USEVC;
  char servers_only[] = "b";
  if (!how.hosts_file) {
    wanted.lookups = servers_only;
    given |= ARES_OPT_LOOKUPS;
  }
  if (!how.search) {
    wanted.flags |= ARES_FLAG_NOSEARCH;
    given |= ARES_OPT_DOMAINS;  // none
  }
  if (const int code = ares_init_options(&native_, &wanted, given); code != ARES_SUCCESS)
    throw lookup_error("c-ares", code);
#if ARES_VERSION < 0x012200
  ares_set_socket_functions(native_, &without_signals, nullptr);
#endif
  if (how.servers.empty()) return;
  if (const int code = ares_set_servers_ports_csv(native_, how.servers.c_str()); code != ARES_SUCCESS) {
    ares_destroy(native_);
    if (code == ARES_ENOMEM) throw lookup_error("c-ares", code);
    throw usage_error("dns: '" + how.servers +
                      "' are not servers; give numeric addresses, with or without ':port', separated by commas");
  }
}

channel::~channel() {
  glue_.end();
  ares_destroy(native_);
}

void channel::process(int readable, int writable) { ares_process_fd(native_, readable, writable); }

void channel::ask_deadline() {
  timeval room;
  // c-ares 1.18 rounds down to milliseconds, so it would look too early.
  if (ares_timeout(native_, nullptr, &room))
    glue_.deadline_in(std::chrono::seconds(room.tv_sec) + std::chrono::microseconds(room.tv_usec) + 1ms);
}

}  // namespace interloop::dns
