// SPDX-License-Identifier: MIT
//
// A bucket is a span of time, [k*w, (k+1)*w), and a Python object: the native loop calls it. It fires when the first of
// its deadlines is due, in chunks that are spread over a width. So the first call is never early, and no other one is by
// as much as a width. A bucket owns its calls, in a list that a call can leave from anywhere; a call's way back is
// borrowed, and cleared when it leaves.
#include "batched_timer.hpp"

#include <structmember.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <unordered_map>

namespace interloop::python {
namespace {

struct batched_call;
struct bucket;

struct batched_timer {
  PyObject_HEAD
  double width;
  Py_ssize_t chunk;
  PyObject* seconds;
  PyObject* create_delayed_call;
  std::unordered_map<std::int64_t, bucket*>* buckets;  // those that have not fired; owned references
  PyObject* weakrefs;
};

struct bucket {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  batched_timer* timer;  // owned
  PyObject* native;      // the delayed call of the next chunk; null while one runs
  PyObject* errors;      // null, or the exceptions so far
  batched_call* first;   // owned references
  batched_call* last;
  std::size_t count;
  std::int64_t key;
  double fires_at;
  double chunk_delay;  // zero until the first chunk
};

// No garbage collector knows these, so 100,000 of them do not wake it: their bucket visits for them what they hold, and
// once they have left it they hold nothing.
struct batched_call {
  PyObject_VAR_HEAD
  bucket* home;  // borrowed; null once it has run or was cancelled
  batched_call* previous;
  batched_call* next;
  PyObject* function;
  PyObject* names;  // null, or a tuple: of the last arguments
  PyObject* weakrefs;
  PyObject* args[1];  // as many as the object's size says
};

PyTypeObject* timer_type = nullptr;
PyTypeObject* bucket_type = nullptr;
PyTypeObject* call_type = nullptr;

template <class T>
PyObject* object_of(T* pointer) {
  return reinterpret_cast<PyObject*>(pointer);
}

// The bucket's reference goes to the caller.
ref unlink(batched_call* call) {
  bucket* home = std::exchange(call->home, nullptr);
  (call->previous ? call->previous->next : home->first) = call->next;
  (call->next ? call->next->previous : home->last) = call->previous;
  call->previous = call->next = nullptr;
  --home->count;
  return ref(object_of(call));
}

void forget(batched_timer* timer, std::int64_t key) {
  const auto found = timer->buckets->find(key);
  if (found == timer->buckets->end()) return;
  const ref last(object_of(found->second));
  timer->buckets->erase(found);
}

// A delayed call that is gone already cannot be cancelled; nobody has to know.
void cancel_native(bucket* self) {
  const ref native(std::exchange(self->native, nullptr));
  if (native && !call_method(native.get(), names::cancel)) PyErr_Clear();
}

bool arm(bucket* self, double delay) {
  const ref seconds(PyFloat_FromDouble(delay > 0 ? delay : 0.0));
  if (!seconds) return false;
  ref native = call(self->timer->create_delayed_call, seconds.get(), object_of(self));
  if (!native) return false;
  Py_XSETREF(self->native, native.release());
  return true;
}

// ---- a call

int visit_call(batched_call* self, visitproc visit, void* arg) {
  Py_VISIT(self->function);
  Py_VISIT(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(self->args[i]);
  return 0;
}

void clear_call(batched_call* self) {
  Py_CLEAR(self->function);
  Py_CLEAR(self->names);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(self->args[i]);
}

// Calls the function, which is there until the call leaves its bucket.
PyObject* run(batched_call* self) {
  if (!self->function) Py_RETURN_NONE;
  const ref function = ref::borrow(self->function);
  const ref keep = ref::borrow(object_of(self));
  const Py_ssize_t positional = Py_SIZE(self) - (self->names ? PyTuple_GET_SIZE(self->names) : 0);
  return PyObject_Vectorcall(function.get(), self->args, static_cast<std::size_t>(positional), self->names);
}

PyObject* call_run(PyObject* object, PyObject*, PyObject*) { return run(reinterpret_cast<batched_call*>(object)); }

PyObject* call_cancel(batched_call* self) {
  if (!self->home) Py_RETURN_NONE;
  bucket* home = self->home;
  const ref keep = ref::borrow(object_of(home));
  const ref last = unlink(self);
  clear_call(self);
  if (home->count == 0 && home->native && !home->errors) {
    cancel_native(home);
    forget(home->timer, home->key);
  }
  Py_RETURN_NONE;
}

void call_destroy(PyObject* object) {
  if (reinterpret_cast<batched_call*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
  clear_call(reinterpret_cast<batched_call*>(object));
  free_object(object);
}

std::array<PyMethodDef, 2> call_methods{{
    INTERLOOP_PYTHON_PLAIN(batched_call, "cancel", call_cancel,
                           "cancel($self)\n--\n\nPrevents the call, unless it has been made. Any number of times."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyMemberDef, 2> call_members{{
    {"__weaklistoffset__", T_PYSSIZET, offsetof(batched_call, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

// ---- a bucket

// Makes up to `calls` calls. False: an exception that is no `Exception` came through and is set.
bool run_chunk(bucket* self, Py_ssize_t calls) {
  while (calls-- > 0 && self->first) {
    const ref owner = unlink(self->first);
    auto* made = reinterpret_cast<batched_call*>(owner.get());
    const ref result(run(made));
    if (result) {
      clear_call(made);
      continue;
    }
    const ref exception = take_exception();
    clear_call(made);
    if (!is_ordinary(exception.get())) {
      put_exception(ref::borrow(exception.get()));
      return false;
    }
    if (!self->errors && !(self->errors = PyList_New(0))) return false;
    if (PyList_Append(self->errors, exception.get()) < 0) return false;
  }
  return true;
}

// One exception for all that the bucket's calls have raised; the first one is its cause.
PyObject* report(bucket* self) {
  const ref errors(std::exchange(self->errors, nullptr));
  if (!errors) Py_RETURN_NONE;
  ref message(PyUnicode_FromString("Error(s) processing call_later bucket:\n"));
  for (Py_ssize_t i = 0; message && i < PyList_GET_SIZE(errors.get()); ++i) {
    PyObject* each = PyList_GET_ITEM(errors.get(), i);
    ref text(PyObject_Str(each));
    if (!text) {
      PyErr_Clear();
      text = ref(PyUnicode_FromFormat("<%s object>", Py_TYPE(each)->tp_name));
    }
    message = text ? ref(PyUnicode_FromFormat("%U%U\n", message.get(), text.get())) : ref();
  }
  const ref exception = message ? call(PyExc_RuntimeError, message.get()) : ref();
  if (!exception) return nullptr;
  PyException_SetCause(exception.get(), Py_NewRef(PyList_GET_ITEM(errors.get(), 0)));
  PyErr_SetObject(PyExc_RuntimeError, exception.get());
  return nullptr;
}

PyObject* fire(PyObject* object, PyObject* const*, std::size_t, PyObject*) {
  auto* self = reinterpret_cast<bucket*>(object);
  if (!self->timer) Py_RETURN_NONE;  // the garbage collector has emptied it
  const ref keep = ref::borrow(object);
  Py_CLEAR(self->native);
  if (self->chunk_delay == 0) {
    forget(self->timer, self->key);
    const double chunks = std::ceil(static_cast<double>(self->count) / static_cast<double>(self->timer->chunk));
    self->chunk_delay = self->timer->width / (chunks > 1 ? chunks : 1);
  }
  const bool passed = run_chunk(self, self->timer->chunk);
  if (self->first) {  // also after KeyboardInterrupt: the other calls are not lost
    ref pending = passed ? ref() : take_exception();
    if (!arm(self, self->chunk_delay)) return nullptr;
    if (pending) put_exception(std::move(pending));
    if (!passed) return nullptr;
    Py_RETURN_NONE;
  }
  return passed ? report(self) : nullptr;
}

int bucket_traverse(PyObject* object, visitproc visit, void* arg) {
  auto* self = reinterpret_cast<bucket*>(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->timer);
  Py_VISIT(self->native);
  Py_VISIT(self->errors);
  for (batched_call* each = self->first; each; each = each->next)
    if (const int stop = visit_call(each, visit, arg)) return stop;
  return 0;
}

int bucket_clear(PyObject* object) {
  auto* self = reinterpret_cast<bucket*>(object);
  while (self->first) {
    const ref last = unlink(self->first);
    clear_call(reinterpret_cast<batched_call*>(last.get()));
  }
  Py_CLEAR(self->native);
  Py_CLEAR(self->errors);
  Py_CLEAR(self->timer);
  return 0;
}

void bucket_destroy(PyObject* object) {
  PyObject_GC_UnTrack(object);
  bucket_clear(object);
  free_object(object);
}

std::array<PyMemberDef, 2> bucket_members{{
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(bucket, vectorcall), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

// ---- the timer

// Seconds of a Python number. False: an exception is set.
bool to_seconds(PyObject* number, double& seconds) {
  seconds = PyFloat_AsDouble(number);
  return seconds != -1.0 || !PyErr_Occurred();
}

bucket* bucket_for(batched_timer* self, double now, double deadline) {
  const double place = std::floor(deadline / self->width);
  constexpr auto limit = static_cast<double>(std::numeric_limits<std::int64_t>::max() / 2);
  if (!(std::abs(place) < limit)) {
    PyErr_SetString(PyExc_ValueError, "call_later: the delay has to be a finite number of seconds");
    return nullptr;
  }
  const auto key = static_cast<std::int64_t>(place);
  const auto found = self->buckets->find(key);
  if (found != self->buckets->end()) {
    bucket* known = found->second;
    if (known->fires_at <= deadline) return known;
    cancel_native(known);
    if (!arm(known, deadline - now)) return nullptr;
    known->fires_at = deadline;
    return known;
  }
  auto* made = allocate<bucket>(bucket_type);
  if (!made) return nullptr;
  const ref owner(object_of(made));
  made->vectorcall = &fire;
  made->timer = reinterpret_cast<batched_timer*>(Py_NewRef(object_of(self)));
  made->key = key;
  made->fires_at = deadline;
  if (!arm(made, deadline - now)) return nullptr;
  try {
    self->buckets->emplace(key, made);
  } catch (const std::bad_alloc&) {
    cancel_native(made);
    PyErr_NoMemory();
    return nullptr;
  }
  Py_INCREF(object_of(made));
  return made;
}

ref call_of(PyObject* function, const arguments& rest) {
  auto* made = reinterpret_cast<batched_call*>(call_type->tp_alloc(call_type, rest.total()));
  if (!made) return ref();
  made->function = Py_NewRef(function);
  made->names = Py_XNewRef(rest.names);
  for (Py_ssize_t i = 0; i < rest.total(); ++i) made->args[i] = Py_NewRef(rest.values[i]);
  return ref(object_of(made));
}

PyObject* timer_call_later(batched_timer* self, const arguments& given) {
  static constexpr signature<2> wanted{"call_later", 2, {&names::delay, &names::func}};
  std::array<PyObject*, 2> slots{};
  leading_arguments split;
  double delay = 0, now = 0;
  if (!split.split(wanted, given, slots) || !require_callable(wanted.function, slots[1]) ||
      !to_seconds(slots[0], delay))
    return nullptr;
  const ref clock = call(self->seconds);
  if (!clock || !to_seconds(clock.get(), now)) return nullptr;
  ref made = call_of(slots[1], split.rest);
  if (!made) return nullptr;
  bucket* home = bucket_for(self, now, now + delay);
  if (!home) return nullptr;

  auto* entry = reinterpret_cast<batched_call*>(made.get());
  Py_INCREF(made.get());
  entry->home = home;
  entry->previous = home->last;
  (home->last ? home->last->next : home->first) = entry;
  home->last = entry;
  ++home->count;
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
  self->buckets = new (std::nothrow) std::unordered_map<std::int64_t, bucket*>;
  return self->buckets ? owner.release() : PyErr_NoMemory();
}

PyObject* timer_construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  std::array<const char*, 6> keywords{"bucket_milliseconds",  "chunk_size", "seconds_provider",
                                      "delayed_call_creator", "loop",       nullptr};
  double milliseconds = 0;
  PyObject *chunk = nullptr, *seconds = nullptr, *create = nullptr, *loop = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "dOOO|O:BatchedTimer", const_cast<char**>(keywords.data()),
                                   &milliseconds, &chunk, &seconds, &create, &loop))
    return nullptr;
  return timer_new(type, milliseconds / 1000, chunk, seconds, create);
}

int timer_traverse(PyObject* object, visitproc visit, void* arg) {
  auto* self = reinterpret_cast<batched_timer*>(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->seconds);
  Py_VISIT(self->create_delayed_call);
  if (self->buckets)
    for (const auto& [key, each] : *self->buckets) Py_VISIT(each);
  return 0;
}

int timer_clear(PyObject* object) {
  auto* self = reinterpret_cast<batched_timer*>(object);
  while (self->buckets && !self->buckets->empty()) forget(self, self->buckets->begin()->first);
  Py_CLEAR(self->seconds);
  Py_CLEAR(self->create_delayed_call);
  return 0;
}

void timer_destroy(PyObject* object) {
  PyObject_GC_UnTrack(object);
  if (reinterpret_cast<batched_timer*>(object)->weakrefs) PyObject_ClearWeakRefs(object);
  timer_clear(object);
  delete reinterpret_cast<batched_timer*>(object)->buckets;
  free_object(object);
}

std::array<PyMethodDef, 2> timer_methods{{
    INTERLOOP_PYTHON_FAST(batched_timer, "call_later", timer_call_later,
                          "call_later($self, delay, func, *args, **kwargs)\n--\n\n"
                          "Calls func about delay seconds from now. An object with cancel()."),
    {nullptr, nullptr, 0, nullptr},
}};

std::array<PyMemberDef, 2> timer_members{{
    {"__weaklistoffset__", T_PYSSIZET, offsetof(batched_timer, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
}};

}  // namespace

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
  std::array<PyType_Slot, 5> call_slots{{
      {Py_tp_call, reinterpret_cast<void*>(&call_run)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&call_destroy)},
      {Py_tp_methods, call_methods.data()},
      {Py_tp_members, call_members.data()},
      {0, nullptr},
  }};
  std::array<PyType_Slot, 6> bucket_slots{{
      {Py_tp_call, reinterpret_cast<void*>(&PyVectorcall_Call)},
      {Py_tp_traverse, reinterpret_cast<void*>(&bucket_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&bucket_clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&bucket_destroy)},
      {Py_tp_members, bucket_members.data()},
      {0, nullptr},
  }};
  std::array<PyType_Slot, 8> timer_slots{{
      {Py_tp_doc,
       const_cast<char*>("BatchedTimer(bucket_milliseconds, chunk_size, seconds_provider, delayed_call_creator, "
                         "loop=None)\n--\n\nWhat make_batched_timer returns.")},
      {Py_tp_new, reinterpret_cast<void*>(&timer_construct)},
      {Py_tp_traverse, reinterpret_cast<void*>(&timer_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(&timer_clear)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&timer_destroy)},
      {Py_tp_methods, timer_methods.data()},
      {Py_tp_members, timer_members.data()},
      {0, nullptr},
  }};
  constexpr unsigned internal = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  PyType_Spec call_spec{"interloop._core.BatchedCall", offsetof(batched_call, args), sizeof(PyObject*),
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, call_slots.data()};
  PyType_Spec bucket_spec{"interloop._core._Bucket", sizeof(bucket), 0, internal | Py_TPFLAGS_HAVE_VECTORCALL,
                          bucket_slots.data()};
  PyType_Spec timer_spec{"interloop._core.BatchedTimer", sizeof(batched_timer), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, timer_slots.data()};
  return (call_type = make_type(module, call_spec)) && (bucket_type = make_type(module, bucket_spec)) &&
         (timer_type = make_type(module, timer_spec));
}

}  // namespace interloop::python
