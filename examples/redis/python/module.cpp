// SPDX-License-Identifier: MIT
// The Redis client for Python: awaited on asyncio and uvloop, Deferreds on Twisted. The client's code names none of
// them.
#include "client.hpp"

#include <interloop/python.hpp>

#include <nanobind/stl/string.h>

#include <memory>
#include <vector>

namespace nb = nanobind;

namespace {

nb::object to_python(const redis::reply& answer) {
  using kind = redis::reply::kind;
  switch (answer.type()) {
    case kind::nil:
      return nb::none();
    case kind::integer:
      return nb::int_(answer.integer());
    case kind::array: {
      nb::list values;
      for (const redis::reply& each : answer.elements()) values.append(to_python(each));
      return values;
    }
    default:
      return nb::bytes(answer.text().data(), answer.text().size());
  }
}

// A word of a command: bytes, text or a number.
std::string to_word(nb::handle value) {
  if (nb::isinstance<nb::bytes>(value)) {
    const auto bytes = nb::borrow<nb::bytes>(value);
    return {bytes.c_str(), bytes.size()};
  }
  return nb::cast<std::string>(nb::str(value));
}

// The client uses the loop that runs when it is made.
class python_client {
 public:
  explicit python_client(double timeout)
      : client_(interloop::with_config(interloop::python::current_loop()),
                {.timeout = std::chrono::duration_cast<interloop::duration>(std::chrono::duration<double>(timeout))}) {}

  interloop::future<void> connect(const std::string& host, int port) { return client_.connect(host, port); }

  nb::object command(nb::args given) {
    std::vector<std::string> texts;
    for (nb::handle each : given) texts.push_back(to_word(each));
    const std::vector<redis::word> words(texts.begin(), texts.end());
    return interloop::python::to_native(client_.send(words), &to_python);
  }

  void close() { client_.close(); }

 private:
  redis::client client_;
};

}  // namespace

NB_MODULE(interloop_redis, module) {
  nb::exception<redis::redis_error>(module, "RedisError");
  nb::exception<redis::connection_error>(module, "ConnectionError", PyExc_ConnectionError);
  nb::class_<python_client>(module, "Client")
      .def(nb::init<double>(), nb::arg("timeout") = 10.0,
           "On the loop that runs now; timeout in seconds, for each command.")
      .def("connect", &python_client::connect, nb::arg("host"), nb::arg("port"),
           "An awaitable that is done when connected.")
      .def("command", &python_client::command, "Sends a command; an awaitable of its reply.")
      .def("close", &python_client::close, "Drops the connection; what is pending fails.");
}
