// SPDX-License-Identifier: MIT
//
// Life cycle. A lookup object has its future's promise. c-ares calls back exactly once for each query, at the latest in
// `ares_destroy`, and that call owns the object. The future's canceller may refer to the object, because the future is
// completed, and the canceller destroyed, before the object is. Callbacks of futures run in later turns, so no code of
// users runs inside c-ares.
#define CARES_NO_DEPRECATED  // the successors of these functions came with 1.28

#include <interloop/dns/resolver.hpp>

#include <interloop/bridge.hpp>
#include <interloop/dns/lookup_error.hpp>

#include "answers.hpp"
#include "lookups.hpp"

#include <arpa/nameser.h>
#include <sys/socket.h>

#include <utility>

namespace interloop::dns {
namespace {

/// The part that does not depend on what is asked.
template <class Answer>
class lookup_of : public lookup {
 public:
  lookup_of(lookups& all, std::string name)
      : all_(all), name_(std::move(name)), result_(all.core(), [this] { all_.drop(*this); }) {}

  [[nodiscard]] future<Answer> get_future() const noexcept { return result_.get_future(); }

  void fail(int code) noexcept final {
    try {
      if (code != ARES_ECANCELLED) {
        result_.reject(lookup_error(name_, code));
      } else if (all_.problem()) {
        result_.reject(*all_.problem());
      } else {
        result_.cancelled("the resolver's lookups were cancelled");
      }
    } catch (...) {  // no memory for it: the promise's end fails the future
    }
  }

 protected:
  [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }

  /// c-ares has given this back. `read(answer)` returns a code.
  template <class Read>
  void answered(int status, Read read) noexcept {
    all_.answered(*this);
    if (dropped) return;
    try {
      Answer answer;
      if (status == ARES_SUCCESS) status = read(answer);
      if (status == ARES_SUCCESS) {
        result_.resolve(std::move(answer));
        return;
      }
    } catch (...) {
      status = ARES_ENOMEM;
    }
    fail(status);
  }

 private:
  lookups& all_;
  const std::string name_;
  promise<Answer> result_;
};

/// The records of one type.
template <class Record>
class query final : public lookup_of<std::vector<Record>> {
 public:
  using answer = std::vector<Record>;
  using reader = int (*)(const unsigned char* message, int size, answer& to);

  query(lookups& all, std::string name, ns_type type, reader read)
      : lookup_of<answer>(all, std::move(name)), type_(type), read_(read) {}

  void ask(ares_channel native, std::unique_ptr<lookup> self) noexcept override {
    ares_query(
        native, this->name(), ns_c_in, type_,
        [](void* given, int status, int, unsigned char* message, int size) {
          const std::unique_ptr<query> ours(static_cast<query*>(given));
          ours->answered(status, [&](answer& to) { return ours->read_(message, size, to); });
        },
        static_cast<query*>(self.release()));
  }

 private:
  ns_type type_;
  reader read_;
};

/// Addresses as `getaddrinfo` has them.
class address_query final : public lookup_of<std::vector<endpoint>> {
 public:
  address_query(lookups& all, std::string name, std::uint16_t port, int family)
      : lookup_of(all, std::move(name)), port_(port), family_(family) {}

  void ask(ares_channel native, std::unique_ptr<lookup> self) noexcept override {
    ares_addrinfo_hints hints{};
    hints.ai_family = family_;
    ares_getaddrinfo(
        native, name(), nullptr, &hints,
        [](void* given, int status, int, ares_addrinfo* found) {
          const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(found, &ares_freeaddrinfo);
          const std::unique_ptr<address_query> ours(static_cast<address_query*>(given));
          ours->answered(status, [&](std::vector<endpoint>& to) { return read_addresses(*found, ours->port_, to); });
        },
        static_cast<address_query*>(self.release()));
  }

 private:
  std::uint16_t port_;
  int family_;
};

template <class Made>
auto add(lookups& to, std::unique_ptr<Made> made) {
  auto result = made->get_future();
  to.add(std::move(made));
  return result;
}

const std::string& checked(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos)
    throw usage_error("dns: a name to look up may not be empty, nor contain a zero byte");
  return name;
}

}  // namespace

resolver::resolver(api loop, const resolver_options& options)
    : lookups_(std::make_unique<lookups>(loop.loop(), options)) {}

resolver::~resolver() = default;

future<std::vector<endpoint>> resolver::addresses(const std::string& host, std::uint16_t port, family wanted) {
  const int family = wanted == family::v4 ? AF_INET : wanted == family::v6 ? AF_INET6 : AF_UNSPEC;
  return add(*lookups_, std::make_unique<address_query>(*lookups_, checked(host), port, family));
}

future<std::vector<address_record>> resolver::a(const std::string& name) {
  return add(*lookups_, std::make_unique<query<address_record>>(*lookups_, checked(name), ns_t_a, &read_a));
}
future<std::vector<address_record>> resolver::aaaa(const std::string& name) {
  return add(*lookups_, std::make_unique<query<address_record>>(*lookups_, checked(name), ns_t_aaaa, &read_aaaa));
}
future<std::vector<service_record>> resolver::srv(const std::string& name) {
  return add(*lookups_, std::make_unique<query<service_record>>(*lookups_, checked(name), ns_t_srv, &read_srv));
}
future<std::vector<mail_record>> resolver::mx(const std::string& name) {
  return add(*lookups_, std::make_unique<query<mail_record>>(*lookups_, checked(name), ns_t_mx, &read_mx));
}
future<std::vector<std::string>> resolver::txt(const std::string& name) {
  return add(*lookups_, std::make_unique<query<std::string>>(*lookups_, checked(name), ns_t_txt, &read_txt));
}
future<std::vector<std::string>> resolver::names(const address& of) {
  return add(*lookups_, std::make_unique<query<std::string>>(*lookups_, reverse_name(of), ns_t_ptr, &read_ptr));
}

void resolver::cancel() { lookups_->cancel(); }

std::size_t resolver::pending() const noexcept { return lookups_->wanted(); }

}  // namespace interloop::dns
