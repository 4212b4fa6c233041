// SPDX-License-Identifier: MIT
// What a batched timer is made of, for the files that make it up: a timer, its buckets, their calls.
//
// A bucket is a span of time, [k*w, (k+1)*w), and a Python object: the native loop calls it. It fires when the first of
// its deadlines is due, in chunks that are spread over a width. So the first call is never early, and no other one is by
// as much as a width. A bucket owns its calls, in a list that a call can leave from anywhere; a call's way back is
// borrowed, and cleared when it leaves.
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
  PyObject* dict;                                              // null, or a user's attributes
  PyObject* weakrefs;
};

struct batched_bucket {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  batched_timer* timer;  // owned
  PyObject* native;      // the delayed call of the next chunk; null while one runs
  PyObject* errors;      // null, or the exceptions so far
  PyObject* slowest;     // null, or what asyncio's debug mode is to name of this chunk: a function, in words
  batched_call* first;   // owned references
  batched_call* last;
  std::size_t count;
  std::int64_t key;
  double fires_at;
  double chunk_delay;  // zero until the first chunk
};

// The garbage collector does not track these, so it does not walk 100,000 of them: their bucket visits for them what they
// hold, and once they have left it they hold nothing. It tracks those that have got an attribute.
struct batched_call {
  PyObject_VAR_HEAD
  batched_bucket* home;  // borrowed; null once it has run or was cancelled
  batched_call* previous;
  batched_call* next;
  PyObject* function;
  PyObject* names;    // null, or a tuple: of the last arguments
  PyObject* context;  // a copy of the contextvars that its caller had; null: there were none
  PyObject* dict;     // null, or a user's attributes
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
/// Calls the function, which is there until the call leaves its bucket.
PyObject* run_call(batched_call* self);
/// The same in the contextvars that the caller had. `empty` is a context for calls that had none: it is made where there is
/// none, and given up by a call that leaves something there.
PyObject* run_call_in_context(batched_call* self, ref& empty);
/// What the garbage collector asks of it, through its bucket.
int visit_call(batched_call* self, visitproc visit, void* arg);
void clear_call(batched_call* self);

// ---- batched_bucket.cpp

bool make_batched_bucket_type(PyObject* module);
/// A bucket that fires at `deadline`. None: an exception is set.
ref make_bucket(batched_timer* timer, std::int64_t key, double now, double deadline);
/// Makes a bucket fire at `deadline` at the latest. False: an exception is set.
bool fire_by(batched_bucket* self, double now, double deadline);
/// Adds a call, behind the others; the bucket shares it from now on.
void add_call(batched_bucket* self, batched_call* call);
/// Takes a call out of its bucket, whose reference goes to the caller.
ref unlink(batched_call* call);
/// Ends a bucket whose last call has been cancelled before it fired.
void end_if_empty(batched_bucket* self);

// ---- batched_timer.cpp

/// A bucket fires, or is empty: the timer puts no more calls into it.
void forget(batched_timer* timer, std::int64_t key);

}  // namespace interloop::python
