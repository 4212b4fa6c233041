// SPDX-License-Identifier: MIT
// The resolver for Python: awaited on asyncio and uvloop, Deferreds on Twisted.
#include <interloop/dns.hpp>
#include <interloop/python.hpp>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nb = nanobind;
namespace dns = interloop::dns;

namespace {

/// An awaitable of a list, each of whose elements is what `convert` makes of an element of the answer.
template <class Answer, class Convert>
nb::object list_of(const interloop::future<std::vector<Answer>>& found, Convert convert) {
  return interloop::python::to_native(found, [convert](const std::vector<Answer>& answers) {
    nb::list values;
    for (const Answer& each : answers) values.append(convert(each));
    return values;
  });
}

class python_resolver {
 public:
  explicit python_resolver(const std::string& servers)
      : resolver_(interloop::with_config(interloop::python::current_loop()), {.servers = servers}) {}

  nb::object addresses(const std::string& host, std::uint16_t port) {
    return list_of(resolver_.addresses(host, port),
                   [](const dns::endpoint& each) { return nb::make_tuple(each.ip.text(), each.port); });
  }
  nb::object a(const std::string& name) { return list_of(resolver_.a(name), &text_of); }
  nb::object aaaa(const std::string& name) { return list_of(resolver_.aaaa(name), &text_of); }
  nb::object mx(const std::string& name) {
    return list_of(resolver_.mx(name),
                   [](const dns::mail_record& each) { return nb::make_tuple(each.priority, each.host); });
  }
  nb::object srv(const std::string& name) {
    return list_of(resolver_.srv(name), [](const dns::service_record& each) {
      return nb::make_tuple(each.priority, each.weight, each.host, each.port);
    });
  }
  interloop::future<std::vector<std::string>> txt(const std::string& name) { return resolver_.txt(name); }
  void cancel() { resolver_.cancel(); }

 private:
  static nb::str text_of(const dns::address_record& each) { return nb::str(each.ip.text().c_str()); }

  dns::resolver resolver_;
};

}  // namespace

NB_MODULE(interloop_dns, module) {
  nb::exception<dns::lookup_error>(module, "LookupFailed");
  nb::class_<python_resolver>(module, "Resolver")
      .def(nb::init<const std::string&>(), nb::arg("servers") = "",
           "On the loop that runs now. servers: addresses, separated by commas; empty: the system's.")
      .def("addresses", &python_resolver::addresses, nb::arg("host"), nb::arg("port") = 0,
           "An awaitable of (address, port) pairs to connect to, in the order in which to try them.")
      .def("a", &python_resolver::a, nb::arg("name"), "An awaitable of IPv4 addresses.")
      .def("aaaa", &python_resolver::aaaa, nb::arg("name"), "An awaitable of IPv6 addresses.")
      .def("mx", &python_resolver::mx, nb::arg("name"), "An awaitable of (priority, host).")
      .def("srv", &python_resolver::srv, nb::arg("name"), "An awaitable of (priority, weight, host, port).")
      .def("txt", &python_resolver::txt, nb::arg("name"), "An awaitable of texts.")
      .def("cancel", &python_resolver::cancel, "Cancels what is pending.");
}
