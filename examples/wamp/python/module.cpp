// SPDX-License-Identifier: MIT
// The WAMP client for Python: awaited on asyncio and uvloop, Deferreds on Twisted. The client's code names none of them.
// Arguments and results are read and written directly as Python's objects.
#include <interloop/python.hpp>
#include <interloop/wamp.hpp>

#include <nanobind/eval.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nb = nanobind;
namespace wamp = interloop::wamp;

// ---- Python's objects as WAMP's values ----

namespace {

void write_object(wamp::writer& to, nb::handle given) {
  if (given.is_none()) {
    to.null();
  } else if (PyBool_Check(given.ptr())) {
    to.boolean(given.ptr() == Py_True);
  } else if (PyLong_Check(given.ptr())) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(given.ptr(), &overflow);
    if (overflow == 0) {
      to.integer(number);
    } else {
      const unsigned long long large = PyLong_AsUnsignedLongLong(given.ptr());
      if (PyErr_Occurred()) throw nb::python_error();
      to.natural(large);
    }
  } else if (PyFloat_Check(given.ptr())) {
    to.real(PyFloat_AS_DOUBLE(given.ptr()));
  } else if (PyUnicode_Check(given.ptr())) {
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(given.ptr(), &size);
    if (!text) throw nb::python_error();
    to.text({text, static_cast<std::size_t>(size)});
  } else if (PyBytes_Check(given.ptr())) {
    to.binary({PyBytes_AS_STRING(given.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(given.ptr()))});
  } else if (PyList_Check(given.ptr()) || PyTuple_Check(given.ptr())) {
    to.begin_list(nb::len(given));
    for (nb::handle each : given) write_object(to, each);
    to.end_list();
  } else if (PyDict_Check(given.ptr())) {
    const auto members = nb::borrow<nb::dict>(given);
    to.begin_map(members.size());
    for (const auto& [name, each] : members) {
      to.key(nb::cast<std::string>(name));
      write_object(to, each);
    }
    to.end_map();
  } else {
    PyErr_Format(PyExc_TypeError, "WAMP has no values of type %s", Py_TYPE(given.ptr())->tp_name);
    throw nb::python_error();
  }
}

nb::object read_object(wamp::reader& from) {
  switch (from.peek()) {
    case wamp::kind::null:
      from.null();
      return nb::none();
    case wamp::kind::boolean:
      return nb::bool_(from.boolean());
    case wamp::kind::integer:
      try {
        return nb::int_(from.integer());
      } catch (const wamp::value_error&) {  // above 2^63
        return nb::int_(from.natural());
      }
    case wamp::kind::real:
      return nb::float_(from.real());
    case wamp::kind::text: {
      const std::string_view text = from.text();
      return nb::str(text.data(), text.size());
    }
    case wamp::kind::binary: {
      const std::string_view bytes = from.bytes();
      return nb::bytes(bytes.data(), bytes.size());
    }
    case wamp::kind::list: {
      nb::list all;
      for (from.enter_list(); from.more();) all.append(read_object(from));
      return all;
    }
    case wamp::kind::map: {
      nb::dict all;
      for (from.enter_map(); from.more();) {
        const std::string_view name = from.key();
        const nb::str key(name.data(), name.size());
        all[key] = read_object(from);
      }
      return all;
    }
  }
  return nb::none();
}

}  // namespace

template <>
struct interloop::wamp::codec<nb::object> {
  static void write(writer& to, const nb::object& given) { write_object(to, given); }
  static nb::object read(reader& from) { return read_object(from); }
};

namespace {

nb::object to_python(const wamp::value& given) { return wamp::from_value<nb::object>(given); }
nb::list to_python(const wamp::list& given) {
  nb::list all;
  for (const wamp::value& each : given) all.append(to_python(each));
  return all;
}
nb::dict to_python(const wamp::dict& given) {
  nb::dict all;
  for (const auto& [name, each] : given) all[nb::str(name.data(), name.size())] = to_python(each);
  return all;
}
wamp::value to_wamp(nb::handle given) { return wamp::to_value(nb::borrow<nb::object>(given)); }
wamp::list to_wamp_list(nb::handle given) {
  wamp::list all;
  for (nb::handle each : given) all.push_back(to_wamp(each));
  return all;
}
wamp::dict to_wamp_dict(nb::handle given) {
  wamp::dict all;
  for (const auto& [name, each] : nb::borrow<nb::dict>(given)) all.emplace(nb::cast<std::string>(name), to_wamp(each));
  return all;
}

// None for no result, the result, or a tuple of several: as Autobahn|Python does it, without keywords.
nb::object result_to_python(const wamp::result& got) {
  if (got.args.empty()) return nb::none();
  return got.args.size() == 1 ? to_python(got.args.front()) : nb::object(nb::tuple(to_python(got.args)));
}

// ---- Errors ----

nb::handle application_error_type;  // ApplicationError(uri, args, kwargs); lives as long as the module

// A Python exception as what is answered to the caller: an ApplicationError as it is, others by their text.
[[noreturn]] void throw_as_wamp(const nb::python_error& error) {
  if (error.matches(application_error_type)) {
    const nb::object value = nb::borrow(error.value());
    throw wamp::application_error(nb::cast<std::string>(value.attr("uri")), to_wamp_list(value.attr("values")),
                                  to_wamp_dict(value.attr("keywords")));
  }
  throw wamp::application_error("wamp.error.runtime_error", nb::cast<std::string>(nb::str(error.value())));
}

void translate(const std::exception_ptr& given, void*) {
  try {
    std::rethrow_exception(given);
  } catch (const wamp::application_error& why) {
    const nb::object made =
        application_error_type(nb::str(why.uri().c_str()), to_python(why.args()), to_python(why.kwargs()));
    PyErr_SetObject(application_error_type.ptr(), made.ptr());
  } catch (const wamp::connection_error& why) {
    PyErr_SetString(PyExc_ConnectionError, why.what());
  } catch (const interloop::timeout_error& why) {
    PyErr_SetString(PyExc_TimeoutError, why.what());
  } catch (const wamp::value_error& why) {
    PyErr_SetString(PyExc_ValueError, why.what());
  } catch (const interloop::usage_error& why) {
    PyErr_SetString(PyExc_ValueError, why.what());
  }
}

// ---- Sessions ----

interloop::api running_loop() { return interloop::with_config(interloop::python::current_loop()); }

// What a Python procedure returned: it may be awaitable.
interloop::future<wamp::value> answer(nb::object returned) {
  if (interloop::python::is_followable(returned.ptr()))
    return interloop::python::from_native<wamp::value>(returned, [](nb::handle got) { return to_wamp(got); });
  return interloop::api(interloop::current_loop()).create_future_success(to_wamp(returned));
}

class session {
 public:
  explicit session(wamp::session joined) : session_(std::move(joined)) {}

  [[nodiscard]] std::uint64_t id() const { return session_.id(); }
  [[nodiscard]] bool joined() const { return session_.joined(); }

  nb::object call(const std::string& procedure, nb::args given, nb::kwargs keywords) const {
    wamp::call_options options;
    if (keywords.size() != 0) options.kwargs(to_wamp_dict(keywords));
    return interloop::python::to_native(
        session_.call<wamp::result>(options, procedure, wamp::arguments{to_wamp_list(given)}),
        [](const wamp::result& got) { return result_to_python(got); });
  }

  nb::object register_procedure(const std::string& procedure, nb::callable fn) const {
    const auto run = [fn = std::move(fn)](wamp::invocation call,
                                          wamp::arguments all) -> interloop::future<wamp::value> {
      const nb::list given = to_python(all.rest);
      const nb::dict keywords = to_python(call.kwargs());
      try {
        co_return co_await answer(fn(*given, **keywords));
      } catch (const nb::python_error& error) {
        throw_as_wamp(error);
      }
    };
    return interloop::python::to_native(session_.register_(procedure, run),
                                        [](const wamp::registration& made) { return nb::cast(made.id()); });
  }

  nb::object subscribe(const std::string& topic, nb::callable handler) const {
    const auto run = [handler = std::move(handler)](wamp::event got, wamp::arguments all) {
      handler(*to_python(all.rest), **to_python(got.kwargs()));
    };
    return interloop::python::to_native(session_.subscribe(topic, run),
                                        [](const wamp::subscription& made) { return nb::cast(made.id()); });
  }

  void publish(const std::string& topic, nb::args given, nb::kwargs keywords) const {
    wamp::publish_options options;
    options.kwargs(to_wamp_dict(keywords));
    session_.publish(options, topic, wamp::arguments{to_wamp_list(given)});
  }

  nb::object leave() const {
    return interloop::python::to_native(session_.leave(),
                                        [](const wamp::leave_details& why) { return nb::cast(why.reason); });
  }

 private:
  wamp::session session_;
};

nb::object join(const std::string& url, const std::string& realm, const std::vector<std::string>& serializers,
                const std::string& authorities) {
  wamp::transport_options how(url);
  how.tls.authorities = authorities;
  if (!serializers.empty()) how.serializers.clear();
  for (const std::string& each : serializers) {
    if (each == "json") {
      how.serializers.push_back(wamp::serializer::json);
    } else if (each == "msgpack") {
      how.serializers.push_back(wamp::serializer::msgpack);
    } else if (each == "cbor") {
      how.serializers.push_back(wamp::serializer::cbor);
    } else {
      throw nb::value_error("a serializer is 'json', 'msgpack' or 'cbor'");
    }
  }
  return interloop::python::to_native(wamp::join(running_loop(), how, wamp::session_options(realm)),
                                      [](wamp::session made) { return nb::cast(session(std::move(made))); });
}

}  // namespace

NB_MODULE(interloop_wamp, module) {
  nb::exec(R"(
class ApplicationError(Exception):
    """An error of a procedure, or of the router: its `uri`, positional `values`, and `keywords`."""

    def __init__(self, uri, values=(), keywords=None):
        super().__init__(uri, *values)
        self.uri, self.values, self.keywords = uri, list(values), dict(keywords or {})
)",
           module.attr("__dict__"));
  application_error_type = module.attr("ApplicationError");
  nb::register_exception_translator(translate);
  module.def("join", &join, nb::arg("url"), nb::arg("realm"), nb::arg("serializers") = std::vector<std::string>(),
             nb::arg("authorities") = "", "Joins on the loop that runs now: an awaitable of a Session.");
  nb::class_<session>(module, "Session")
      .def_prop_ro("id", &session::id)
      .def_prop_ro("joined", &session::joined)
      .def("call", &session::call, nb::arg("procedure"), nb::arg("args"), nb::arg("kwargs"),
           "An awaitable of the result: None, a value, or a tuple of several.")
      .def("register", &session::register_procedure, nb::arg("procedure"), nb::arg("fn"),
           "An awaitable that is done when fn may be called. What it returns may be awaitable.")
      .def("subscribe", &session::subscribe, nb::arg("topic"), nb::arg("handler"),
           "An awaitable that is done when the router has confirmed it.")
      .def("publish", &session::publish, nb::arg("topic"), nb::arg("args"), nb::arg("kwargs"))
      .def("leave", &session::leave, "An awaitable of the router's reason.");
}
