// SPDX-License-Identifier: MIT
// The HTTP client for Python: awaited on asyncio and uvloop, Deferreds on Twisted.
#include <interloop/http.hpp>
#include <interloop/python.hpp>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nb = nanobind;
namespace http = interloop::http;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

nb::bytes to_bytes(const std::string& text) { return nb::bytes(text.data(), text.size()); }

lines lines_of(const http::response_head& head) {
  lines all;
  for (const http::header& each : head.headers) all.emplace_back(each.name, each.value);
  return all;
}

/// A response whose body is still arriving: `async for piece in stream`.
class python_stream {
 public:
  explicit python_stream(http::streamed_response got) : got_(std::move(got)) {}

  [[nodiscard]] int status() const { return got_.status; }
  nb::object next() {
    return interloop::python::to_native(got_.body.next().as_future(), [](const std::optional<std::string>& piece) {
      if (piece) return to_bytes(*piece);
      PyErr_SetNone(PyExc_StopAsyncIteration);
      throw nb::python_error();
    });
  }

 private:
  http::streamed_response got_;
};

class python_client {
 public:
  python_client(double timeout, long max_connections, std::string ca_file)
      : client_(interloop::with_config(interloop::python::current_loop()),
                {.timeout = std::chrono::duration_cast<interloop::duration>(std::chrono::duration<double>(timeout)),
                 .max_connections = max_connections,
                 .ca_file = std::move(ca_file)}) {}

  nb::object send(std::string method, std::string url, const std::optional<nb::bytes>& body, const lines& headers) {
    return interloop::python::to_native(client_.send(made(std::move(method), std::move(url), body, headers)),
                                        [](http::response got) { return nb::cast(std::move(got)); });
  }
  nb::object get(std::string url) { return send("GET", std::move(url), std::nullopt, {}); }
  nb::object open(std::string url) {
    return interloop::python::to_native(client_.open(std::move(url)), [](http::streamed_response got) {
      return nb::cast(python_stream(std::move(got)));
    });
  }
  void close() { client_.close(); }

 private:
  static http::request made(std::string method, std::string url, const std::optional<nb::bytes>& body,
                            const lines& headers) {
    http::request what(std::move(method), std::move(url));
    if (body) what.body = std::string(body->c_str(), body->size());
    for (const auto& [name, value] : headers) what.headers.add(name, value);
    return what;
  }

  http::client client_;
};

}  // namespace

NB_MODULE(interloop_http, module) {
  nb::exception<http::http_error>(module, "HttpError", PyExc_ConnectionError);
  nb::exception<interloop::timeout_error>(module, "TookTooLong", PyExc_TimeoutError);
  nb::class_<http::response>(module, "Response")
      .def_prop_ro("status", [](const http::response& self) { return self.status; })
      .def_prop_ro("url", [](const http::response& self) { return self.url; })
      .def_prop_ro("headers", [](const http::response& self) { return lines_of(self); })
      .def_prop_ro("body", [](const http::response& self) { return to_bytes(self.body); });
  nb::class_<python_stream>(module, "Stream")
      .def_prop_ro("status", &python_stream::status)
      .def("__aiter__", [](nb::object self) { return self; })
      .def("__anext__", &python_stream::next);
  nb::class_<python_client>(module, "Client")
      .def(nb::init<double, long, std::string>(), nb::arg("timeout") = 30.0, nb::arg("max_connections") = 100,
           nb::arg("ca_file") = "", "On the loop that runs now; timeout in seconds, for each request.")
      .def("get", &python_client::get, nb::arg("url"), "An awaitable of a Response.")
      .def("send", &python_client::send, nb::arg("method"), nb::arg("url"), nb::arg("body") = nb::none(),
           nb::arg("headers") = lines(), "An awaitable of a Response.")
      .def("open", &python_client::open, nb::arg("url"), "An awaitable of a Stream, when the headers have come.")
      .def("close", &python_client::close, "Ends everything.");
}
