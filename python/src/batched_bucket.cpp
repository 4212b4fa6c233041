// SPDX-License-Identifier: MIT
#include "batched_objects.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>

namespace interloop::python {
namespace {

PyTypeObject* bucket_type = nullptr;

// A delayed call that has been called already cannot be cancelled; that is not an error.
void cancel_native(batched_bucket* self) {
  const ref native(std::exchange(self->native, nullptr));
  if (native && !call_method(native.get(), names::cancel)) PyErr_Clear();
}

bool arm(batched_bucket* self, double delay) {
  const ref seconds(PyFloat_FromDouble(delay > 0 ? delay : 0.0));
  if (!seconds) return false;
  ref native = call(self->timer->create_delayed_call, seconds.get(), object_of(self));
  if (!native) return false;
  Py_XSETREF(self->native, native.release());
  return true;
}

// Whether asyncio runs here and reports slow callbacks, which it names by their repr.
bool is_watched_for_slowness() {
  static PyObject* get_running_loop = nullptr;
  if (!get_running_loop) get_running_loop = from_loaded("asyncio", "_get_running_loop").release();
  const ref loop = get_running_loop ? call(get_running_loop) : ref();
  const ref debug = loop && loop.get() != Py_None ? call_method(loop.get(), names::get_debug) : ref();
  const bool watched = debug && PyObject_IsTrue(debug.get()) == 1;
  PyErr_Clear();
  return watched;
}

// Finds the slowest call of a chunk. Does nothing outside asyncio's debug mode.
class stopwatch {
 public:
  explicit stopwatch(batched_bucket* bucket) : bucket_(is_watched_for_slowness() ? bucket : nullptr) {
    if (bucket_) Py_CLEAR(bucket_->slowest);
  }
  void begin(const batched_call* call) {
    if (!bucket_) return;
    function_ = ref::borrow(call->function);
    begun_ = std::chrono::steady_clock::now();
  }
  void end() {
    if (!bucket_ || !function_) return;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun_;
    if (bucket_->slowest && taken <= longest_) return;
    longest_ = taken;
    const ref described = description_of_call(function_.get());
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(taken).count();
    ref words(described ? PyUnicode_FromFormat("%U took %lld.%03d seconds", described.get(),
                                               static_cast<long long>(ms / 1000), static_cast<int>(ms % 1000))
                        : nullptr);
    if (!words) PyErr_Clear();
    Py_XSETREF(bucket_->slowest, words.release());
  }

 private:
  batched_bucket* bucket_;
  ref function_;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::duration<double> longest_{};
};

// Makes up to `calls` calls. False: an exception that is not an `Exception` came through and is set.
bool run_chunk(batched_bucket* self, Py_ssize_t calls) {
  ref empty;
  stopwatch watch(self);
  while (calls-- > 0 && self->first) {
    const ref owner = unlink(self->first);
    auto* made = reinterpret_cast<batched_call*>(owner.get());
    watch.begin(made);
    const ref result(run_call_in_context(made, empty));
    const ref exception = result ? ref() : take_exception();
    watch.end();
    clear_call(made);
    if (result) continue;
    if (!is_ordinary(exception.get())) {
      put_exception(ref::borrow(exception.get()));
      return false;
    }
    if (!self->errors && !(self->errors = PyList_New(0))) return false;
    if (PyList_Append(self->errors, exception.get()) < 0) return false;
  }
  return true;
}

// One exception for all that the bucket's calls have raised; the first of them is its cause.
PyObject* report(batched_bucket* self) {
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
  auto* self = reinterpret_cast<batched_bucket*>(object);
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

PyObject* describe(PyObject* object) {
  auto* self = reinterpret_cast<batched_bucket*>(object);
  if (self->slowest) return PyUnicode_FromFormat("<batched calls, the slowest: %U>", self->slowest);
  return PyUnicode_FromFormat("<batched calls: %zu pending>", self->count);
}

struct garbage {
  static int traverse(PyObject* object, visitproc visit, void* arg) {
    auto* self = reinterpret_cast<batched_bucket*>(object);
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->timer);
    Py_VISIT(self->native);
    Py_VISIT(self->errors);
    Py_VISIT(self->slowest);
    for (batched_call* each = self->first; each; each = each->next)
      if (const int stop = visit_call(each, visit, arg)) return stop;
    return 0;
  }

  static int clear(PyObject* object) {
    auto* self = reinterpret_cast<batched_bucket*>(object);
    while (self->first) {
      const ref last = unlink(self->first);
      clear_call(reinterpret_cast<batched_call*>(last.get()));
    }
    Py_CLEAR(self->native);
    Py_CLEAR(self->errors);
    Py_CLEAR(self->slowest);
    Py_CLEAR(self->timer);
    return 0;
  }

  static void destroy(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    free_object(object);
  }
};

}  // namespace

ref make_bucket(batched_timer* timer, std::int64_t key, double now, double deadline) {
  auto* made = allocate<batched_bucket>(bucket_type);
  if (!made) return ref();
  ref owner(object_of(made));
  made->vectorcall = &fire;
  made->timer = reinterpret_cast<batched_timer*>(Py_NewRef(object_of(timer)));
  made->key = key;
  made->fires_at = deadline;
  return arm(made, deadline - now) ? std::move(owner) : ref();
}

bool fire_by(batched_bucket* self, double now, double deadline) {
  if (self->fires_at <= deadline) return true;
  cancel_native(self);
  if (!arm(self, deadline - now)) return false;
  self->fires_at = deadline;
  return true;
}

void add_call(batched_bucket* self, batched_call* call) {
  Py_INCREF(object_of(call));
  call->home = self;
  call->previous = self->last;
  (self->last ? self->last->next : self->first) = call;
  self->last = call;
  ++self->count;
}

ref unlink(batched_call* call) {
  batched_bucket* home = std::exchange(call->home, nullptr);
  (call->previous ? call->previous->next : home->first) = call->next;
  (call->next ? call->next->previous : home->last) = call->previous;
  call->previous = call->next = nullptr;
  --home->count;
  return ref(object_of(call));
}

void end_if_empty(batched_bucket* self) {
  if (self->count != 0 || !self->native || self->errors) return;
  cancel_native(self);
  forget(self->timer, self->key);
}

bool make_batched_bucket_type(PyObject* module) {
  return (bucket_type = make_inner_class<batched_bucket, garbage>(module, "interloop._core._Bucket", &describe)) !=
         nullptr;
}

}  // namespace interloop::python
