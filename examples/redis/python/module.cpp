// SPDX-License-Identifier: MIT
// The Redis client for Python: awaited on asyncio and uvloop, Deferreds on Twisted. The client's code names none of
// them.
#include <interloop/python.hpp>
#include <interloop/redis.hpp>

#include <nanobind/stl/string.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace nb = nanobind;
namespace redis = interloop::redis;

namespace {

nb::object to_python(const redis::reply& answer) {
  using kind = redis::reply::kind;
  switch (answer.type()) {
    case kind::nil:
      return nb::none();
    case kind::integer:
      return nb::int_(answer.integer());
    case kind::real:
      return nb::float_(answer.real());
    case kind::boolean:
      return nb::bool_(answer.boolean());
    case kind::array:
    case kind::map:
    case kind::set:
    case kind::push: {
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

nb::object to_python(const std::optional<redis::message>& got) {
  if (!got) return nb::none();
  return nb::make_tuple(nb::bytes(got->channel.data(), got->channel.size()),
                        nb::bytes(got->payload.data(), got->payload.size()));
}

interloop::api running_loop() { return interloop::with_config(interloop::python::current_loop()); }

redis::client_options options_of(double timeout, bool reconnect) {
  redis::client_options options;
  options.timeout = std::chrono::duration_cast<interloop::duration>(std::chrono::duration<double>(timeout));
  if (reconnect) options.reconnect.emplace();
  return options;
}

// Both use the loop that runs when they are made.
class python_client {
 public:
  python_client(double timeout, bool reconnect) : client_(running_loop(), options_of(timeout, reconnect)) {}

  interloop::future<void> connect(const std::string& host, int port) { return client_.connect(host, port); }

  nb::object command(nb::args given) {
    std::vector<std::string> texts;
    for (nb::handle each : given) texts.push_back(to_word(each));
    const std::vector<redis::word> words(texts.begin(), texts.end());
    return interloop::python::to_native(client_.send(words),
                                        [](const redis::reply& answer) { return to_python(answer); });
  }

  void close() { client_.close(); }

 private:
  redis::client client_;
};

class python_subscriber {
 public:
  explicit python_subscriber(bool reconnect) : news_(running_loop(), options_of(10, reconnect)) {}

  interloop::future<void> connect(const std::string& host, int port) { return news_.connect(host, port); }
  interloop::future<void> subscribe(const std::string& name) { return news_.subscribe(name); }
  nb::object next() {
    return interloop::python::to_native(news_.next().as_future(),
                                        [](const std::optional<redis::message>& got) { return to_python(got); });
  }
  void close() { news_.close(); }

 private:
  redis::subscriber news_;
};

}  // namespace

NB_MODULE(interloop_redis, module) {
  nb::exception<redis::error_reply>(module, "RedisError");
  nb::exception<redis::connection_error>(module, "ConnectionError", PyExc_ConnectionError);
  nb::class_<python_client>(module, "Client")
      .def(nb::init<double, bool>(), nb::arg("timeout") = 10.0, nb::arg("reconnect") = false,
           "On the loop that runs now; timeout in seconds, for each command.")
      .def("connect", &python_client::connect, nb::arg("host"), nb::arg("port"),
           "An awaitable that is done when connected.")
      .def("command", &python_client::command, "Sends a command; an awaitable of its reply.")
      .def("close", &python_client::close, "Drops the connection; what is pending fails.");
  nb::class_<python_subscriber>(module, "Subscriber")
      .def(nb::init<bool>(), nb::arg("reconnect") = true, "On the loop that runs now.")
      .def("connect", &python_subscriber::connect, nb::arg("host"), nb::arg("port"))
      .def("subscribe", &python_subscriber::subscribe, "An awaitable that is done when the server has confirmed it.")
      .def("next", &python_subscriber::next, "An awaitable of (channel, payload), or of None after close().")
      .def("close", &python_subscriber::close, "Drops the connection; next() ends.");
}
