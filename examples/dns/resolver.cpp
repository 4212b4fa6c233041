// SPDX-License-Identifier: MIT
//
// c-ares reports which sockets it has and which directions matter (the socket state callback) and when it wants to look
// at its clock (`ares_timeout`), and the loop reports events to it (`ares_process_fd`). Nothing more needs to be
// attached.
//
// Life cycle. The canceller of a query's future owns the query, and interloop destroys the canceller after the future
// is completed, in a later turn: never inside one of c-ares's own calls. If the loop closes first, it destroys the
// canceller too.
#include "resolver.hpp"

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <map>
#include <memory>

namespace dns {
namespace {

using addresses = std::vector<std::string>;
using interloop::interest;

// c-ares must be initialised once per process.
void require_library() {
  static const int code = ares_library_init(ARES_LIB_INIT_ALL);
  if (code != ARES_SUCCESS) throw dns_error(std::string("c-ares: ") + ares_strerror(code));
}

class query {
 public:
  query(interloop::loop& loop, std::string name, const options& how) : loop_(loop), name_(std::move(name)) {
    require_library();
    ares_options wanted{};
    char lookups[] = "b";  // DNS only, no hosts file
    wanted.lookups = lookups;
    wanted.flags = ARES_FLAG_NOSEARCH;
    wanted.timeout = static_cast<int>(how.try_for.count());
    wanted.tries = how.tries;
    wanted.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
      static_cast<query*>(self)->socket_changed(fd, readable != 0, writable != 0);
    };
    wanted.sock_state_cb_data = this;
    check(ares_init_options(
        &channel_, &wanted,
        ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB));
    if (!how.servers.empty()) check(ares_set_servers_ports_csv(channel_, how.servers.c_str()));
  }
  query(const query&) = delete;
  query& operator=(const query&) = delete;
  ~query() {
    clock_.cancel();
    ares_destroy(channel_);  // ends pending queries, and closes the sockets after their watches have gone
  }

  void start(interloop::future<addresses> result) {
    result_ = std::move(result);
    ares_addrinfo_hints wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_flags = ARES_AI_NOSORT;  // the order of the answer
    ares_getaddrinfo(channel_, name_.c_str(), nullptr, &wanted, &answered, this);
    set_clock();
  }

  void cancel() { ares_cancel(channel_); }

 private:
  void check(int code) const {
    if (code != ARES_SUCCESS) throw dns_error(name_ + ": " + ares_strerror(code));
  }

  void socket_changed(int fd, bool readable, bool writable) {
    const interest wanted =
        (readable ? interest::read : interest::none) | (writable ? interest::write : interest::none);
    if (wanted == interest::none) {
      watches_.erase(fd);  // c-ares is about to close it
    } else if (const auto known = watches_.find(fd); known != watches_.end()) {
      known->second.set_interest(wanted);
    } else {
      watches_.emplace(fd, loop_.watch(fd, wanted, [this, fd](interest ready) {
        process(has(ready, interest::read) ? fd : ARES_SOCKET_BAD, has(ready, interest::write) ? fd : ARES_SOCKET_BAD);
      }));
    }
  }

  void process(int readable, int writable) {
    ares_process_fd(channel_, readable, writable);
    set_clock();
  }

  void set_clock() {
    clock_.cancel();
    timeval room;
    if (!ares_timeout(channel_, nullptr, &room)) return;  // no query is pending
    clock_ = loop_.call_later(std::chrono::seconds(room.tv_sec) + std::chrono::microseconds(room.tv_usec),
                              [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
  }

  static void answered(void* self, int status, int /*timeouts*/, ares_addrinfo* found) {
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(found, &ares_freeaddrinfo);
    static_cast<query*>(self)->finish(status, found);
  }
  void finish(int status, const ares_addrinfo* answer) {
    const auto result = std::exchange(result_, {});
    // Cancelled, or the channel is destroyed: other code gives the future its outcome.
    if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION || is_called(result)) return;
    if (status != ARES_SUCCESS) return reject(result, dns_error(name_ + ": " + ares_strerror(status)));
    addresses found;
    for (const ares_addrinfo_node* each = answer->nodes; each; each = each->ai_next) {
      char text[INET_ADDRSTRLEN];
      const auto* address = reinterpret_cast<const sockaddr_in*>(each->ai_addr);
      if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text)) found.emplace_back(text);
    }
    resolve(result, std::move(found));
  }

  interloop::loop& loop_;
  std::string name_;
  ares_channel channel_ = nullptr;
  std::map<int, interloop::fd_watch> watches_;
  interloop::timer clock_;
  interloop::future<addresses> result_;
};

}  // namespace

interloop::future<addresses> lookup(const std::string& name, const options& how) {
  auto made = std::make_shared<query>(interloop::with_config().loop(), name, how);
  auto result = interloop::create_future<addresses>([made] { made->cancel(); });
  made->start(result);
  return result;
}

}  // namespace dns
