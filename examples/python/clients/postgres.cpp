// SPDX-License-Identifier: MIT
// The PostgreSQL client for Python: awaited on asyncio and uvloop, Deferreds on Twisted. Values travel as PostgreSQL's
// texts, and are read as str or None.
#include <interloop/postgres.hpp>
#include <interloop/python.hpp>

#include <nanobind/stl/string.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace nb = nanobind;
namespace postgres = interloop::postgres;

namespace {

nb::list rows_of(const postgres::result& found) {
  nb::list rows;
  for (const postgres::row each : found) {
    nb::list values;
    for (std::size_t i = 0; i < each.size(); ++i) {
      const auto text = each.text(i);
      values.append(text ? nb::object(nb::str(text->data(), text->size())) : nb::none());
    }
    rows.append(nb::tuple(values));
  }
  return rows;
}

// None, bytes, bool; everything else as its text. The client copies them when they are sent.
postgres::parameter to_parameter(nb::handle value) {
  if (value.is_none()) return nullptr;
  if (nb::isinstance<nb::bytes>(value)) {
    const auto bytes = nb::borrow<nb::bytes>(value);
    return std::span(static_cast<const std::byte*>(bytes.data()), bytes.size());
  }
  if (nb::isinstance<nb::bool_>(value)) return nb::cast<bool>(value);
  return std::string_view(nb::str(value).c_str());
}

class python_connection {
 public:
  explicit python_connection(postgres::connection db) : db_(std::move(db)) {}

  nb::object query(const std::string& text, const nb::args& given) {
    std::vector<postgres::parameter> parameters;
    for (nb::handle each : given) parameters.push_back(to_parameter(each));
    return interloop::python::to_native(db_.send(text, parameters), &rows_of);
  }
  interloop::future<void> transaction(nb::callable body) {
    return db_.transaction([body = std::move(body)](postgres::connection&) {
      return interloop::python::from_native<void>(body(), nullptr);
    });
  }
  void close() { db_.close(); }

 private:
  postgres::connection db_;
};

nb::object connect(const std::string& conninfo) {
  return interloop::python::to_native(
      postgres::connect(interloop::with_config(interloop::python::current_loop()), conninfo),
      [](postgres::connection made) { return nb::cast(python_connection(std::move(made))); });
}

}  // namespace

NB_MODULE(interloop_postgres, module) {
  nb::exception<postgres::server_error>(module, "ServerError");
  nb::exception<postgres::connection_error>(module, "ConnectionLost", PyExc_ConnectionError);
  nb::class_<python_connection>(module, "Connection")
      .def("query", &python_connection::query, nb::arg("text"), nb::arg("parameters"),
           "Sends a statement; an awaitable of its rows, which are tuples.")
      .def("transaction", &python_connection::transaction, nb::arg("body"),
           "Calls body() between BEGIN and COMMIT, or ROLLBACK if what it returns, an awaitable, fails.")
      .def("close", &python_connection::close, "Ends the session; what is pending fails.");
  module.def("connect", &connect, nb::arg("conninfo"), "On the loop that runs now; an awaitable of a Connection.");
}
