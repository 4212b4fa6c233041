// SPDX-License-Identifier: MIT
#include "batched_timer.hpp"

#include "batched_objects.hpp"

#include <structmember.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <new>

namespace interloop::python {
namespace {

PyTypeObject* timer_type = nullptr;

// Converts a Python number to seconds. False: an exception is set.
bool to_seconds(PyObject* number, double& seconds) {
  seconds = PyFloat_AsDouble(number);
  return seconds != -1.0 || !PyErr_Occurred();
}

// The bucket of a deadline. The timer owns it.
batched_bucket* bucket_for(batched_timer* self, double now, double deadline) {
  const double place = std::floor(deadline / self->width);
  constexpr auto limit = static_cast<double>(std::numeric_limits<std::int64_t>::max() / 2);
  if (!(std::abs(place) < limit)) {
    PyErr_SetString(PyExc_ValueError, "call_later: the delay must be a finite number of seconds");
    return nullptr;
  }
  const auto key = static_cast<std::int64_t>(place);
  const auto found = self->buckets->find(key);
  if (found != self->buckets->end()) return fire_by(found->second, now, deadline) ? found->second : nullptr;
  const ref made = make_bucket(self, key, now, deadline);  // its native timer also refers to it
  if (!made) return nullptr;
  auto* home = reinterpret_cast<batched_bucket*>(made.get());
  if (self->buckets->emplace(key, home).second) Py_INCREF(made.get());
  return home;
}

PyObject* call_later(batched_timer* self, const arguments& given) {
  static constexpr signature<2> wanted{"call_later", 2, {&names::delay, &names::func}};
  std::array<PyObject*, 2> slots{};
  leading_arguments split;
  double delay = 0, now = 0;
  if (!split.split(wanted, given, slots) || !require_callable(wanted.function, slots[1]) ||
      !to_seconds(slots[0], delay))
    return nullptr;
  const ref clock = call(self->seconds);
  if (!clock || !to_seconds(clock.get(), now)) return nullptr;
  ref made = make_batched_call(slots[1], split.rest);
  if (!made) return nullptr;
  batched_bucket* home = bucket_for(self, now, now + delay);
  if (!home) return nullptr;
  add_call(home, reinterpret_cast<batched_call*>(made.get()));
  return made.release();
}

PyObject* timer_new(PyTypeObject* type, double width, PyObject* chunk_size, PyObject* seconds, PyObject* create) {
  if (!(width > 0) || std::isinf(width)) {
    PyErr_SetString(PyExc_ValueError, "bucket_milliseconds must be > 0.0, and finite");
    return nullptr;
  }
  const Py_ssize_t chunk = chunk_size ? PyNumber_AsSsize_t(chunk_size, PyExc_OverflowError) : 100;
  if (chunk == -1 && PyErr_Occurred()) return nullptr;
  if (chunk < 1) {
    PyErr_SetString(PyExc_ValueError, "chunk_size must be at least 1");
    return nullptr;
  }
  auto* self = allocate<batched_timer>(type);
  if (!self) return nullptr;
  ref owner(object_of(self));
  self->width = width;
  self->chunk = chunk;
  self->seconds = Py_NewRef(seconds);
  self->create_delayed_call = Py_NewRef(create);
  self->buckets = new (std::nothrow) std::unordered_map<std::int64_t, batched_bucket*>;
  return self->buckets ? owner.release() : PyErr_NoMemory();
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 6> keywords{"bucket_milliseconds",  "chunk_size", "seconds_provider",
                                      "delayed_call_creator", "loop",       nullptr};
  double milliseconds = 0;
  PyObject *chunk = nullptr, *seconds = nullptr, *create = nullptr, *loop = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "dOOO|O:BatchedTimer", const_cast<char**>(keywords.data()),
                                   &milliseconds, &chunk, &seconds, &create, &loop))
    return nullptr;
  return timer_new(type, milliseconds / 1000, chunk, seconds, create);
}

struct garbage {
  static int traverse(PyObject* object, visitproc visit, void* arg) {
    auto* self = reinterpret_cast<batched_timer*>(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->seconds);
    Py_VISIT(self->create_delayed_call);
    Py_VISIT(self->dict);
    if (self->buckets)
      for (const auto& [key, each] : *self->buckets) Py_VISIT(each);
    return 0;
  }

  static int clear(PyObject* object) {
    auto* self = reinterpret_cast<batched_timer*>(object);
    while (self->buckets && !self->buckets->empty()) forget(self, self->buckets->begin()->first);
    Py_CLEAR(self->seconds);
    Py_CLEAR(self->create_delayed_call);
    Py_CLEAR(self->dict);
    return 0;
  }

  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    if (reinterpret_cast<batched_timer*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
    clear(object);
    delete reinterpret_cast<batched_timer*>(object)->buckets;
    free_object(object);
  }
};

std::array<PyMethodDef, 2> methods{{
    INTERLOOP_PYTHON_FAST(batched_timer, "call_later", call_later,
                          "call_later($self, delay, func, *args, **kwargs)\n--\n\n"
                          "Calls func about delay seconds from now. An object with cancel()."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyGetSetDef, 2> properties{{
    INTERLOOP_PYTHON_DICT,
    {nullptr, nullptr, nullptr, nullptr, nullptr},
}};

}  // namespace

void forget(batched_timer* timer, std::int64_t key) {
  const auto found = timer->buckets->find(key);
  if (found == timer->buckets->end()) return;
  const ref last(object_of(found->second));
  timer->buckets->erase(found);
}

PyObject* make_batched_timer(PyObject* api, const arguments& given) {
  static constexpr signature<2> wanted{
      "make_batched_timer", 1, {&names::bucket_seconds, &names::chunk_size}, {&names::seconds_per_bucket}};
  std::array<PyObject*, 2> slots{};
  double width = 0;
  if (!parse(wanted, given, slots) || !to_seconds(slots[0], width)) return nullptr;
  const ref seconds(PyObject_GetAttrString(api, "_seconds"));
  const ref create(PyObject_GetAttr(api, names::call_later));
  if (!seconds || !create) return nullptr;
  return timer_new(timer_type, width, slots[1], seconds.get(), create.get());
}

bool make_batched_timer_types(PyObject* module) {
  timer_type = make_class<batched_timer, garbage>(
      module, "interloop._core.BatchedTimer",
      {{Py_tp_doc,
        const_cast<char*>("BatchedTimer(bucket_milliseconds, chunk_size, seconds_provider, delayed_call_creator, "
                          "loop=None)\n--\n\nThe type of the object that make_batched_timer returns.")},
       {Py_tp_new, reinterpret_cast<void*>(&construct)},
       {Py_tp_methods, methods.data()},
       {Py_tp_getset, properties.data()}});
  return timer_type && make_batched_call_type(module) && make_batched_bucket_type(module);
}

}  // namespace interloop::python
