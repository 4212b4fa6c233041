// SPDX-License-Identifier: MIT
// The parts of a batched timer, for the files that implement it: a timer, its buckets, their calls.
//
// A bucket is a span of time, [k*w, (k+1)*w), and a Python object that the native loop calls. It fires when the first
// of its deadlines is due, in chunks that are spread over one width. So the first call is never early, and no other
// call is early by a whole width. A bucket owns its calls, in a list that a call can leave at any position; a call's
// reference back is borrowed, and cleared when the call leaves.
#pragma once

#include "type.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace interloop::python {

struct batched_call;
struct batched_bucket;

struct batched_timer {
  PyObject_HEAD
  double width;
  Py_ssize_t chunk;
  PyObject* seconds;
  PyObject* create_delayed_call;
  std::unordered_map<std::int64_t, batched_bucket*>* buckets;  // those that have not fired; owned references
  PyObject* dict;                                              // null, or attributes that a user has set
  PyObject* weakrefs;
};

struct batched_bucket {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  batched_timer* timer;  // owned
  PyObject* native;      // the delayed call of the next chunk; null while one runs
  PyObject* errors;      // null, or the exceptions so far
  PyObject* slowest;     // null, or the function of this chunk that asyncio's debug mode is to name, as text
  batched_call* first;   // owned references
  batched_call* last;
  std::size_t count;
  std::int64_t key;
  double fires_at;
  double chunk_delay;  // zero until the first chunk
};

// The garbage collector does not track these, so it does not walk 100,000 of them: their bucket visits what they hold
// for them, and after they have left the bucket they hold nothing. It tracks those on which an attribute was set.
struct batched_call {
  PyObject_VAR_HEAD
  batched_bucket* home;  // borrowed; null once it has run or was cancelled
  batched_call* previous;
  batched_call* next;
  PyObject* function;
  PyObject* names;    // null, or a tuple with the names of the last arguments
  PyObject* context;  // a copy of its caller's contextvars; null: there were none
  PyObject* dict;     // null, or attributes that a user has set
  PyObject* weakrefs;
  PyObject* args[1];  // as many as the object's size says
};

template <class T>
PyObject* object_of(T* pointer) {
  return reinterpret_cast<PyObject*>(pointer);
}

// ---- batched_call.cpp

bool make_batched_call_type(PyObject* module);
/// A call that is in no bucket yet. None: an exception is set.
ref make_batched_call(PyObject* function, const arguments& rest);
/// Calls the function, which exists until the call leaves its bucket.
PyObject* run_call(batched_call* self);
/// The same with the caller's contextvars. `empty` is a context for calls that had none: it is made if there is none
/// yet, and dropped by a call that leaves variables in it.
PyObject* run_call_in_context(batched_call* self, ref& empty);
/// Traverses it for the garbage collector, on behalf of its bucket.
int visit_call(batched_call* self, visitproc visit, void* arg);
void clear_call(batched_call* self);

// ---- batched_bucket.cpp

bool make_batched_bucket_type(PyObject* module);
/// A bucket that fires at `deadline`. None: an exception is set.
ref make_bucket(batched_timer* timer, std::int64_t key, double now, double deadline);
/// Makes a bucket fire no later than `deadline`. False: an exception is set.
bool fire_by(batched_bucket* self, double now, double deadline);
/// Adds a call behind the others; the bucket shares ownership from now on.
void add_call(batched_bucket* self, batched_call* call);
/// Takes a call out of its bucket, whose reference goes to the caller.
ref unlink(batched_call* call);
/// Ends a bucket whose last call has been cancelled before it fired.
void end_if_empty(batched_bucket* self);

// ---- batched_timer.cpp

/// A bucket fires, or is empty: the timer adds no more calls to it.
void forget(batched_timer* timer, std::int64_t key);

}  // namespace interloop::python
