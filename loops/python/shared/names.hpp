// SPDX-License-Identifier: MIT
// Interned names of the attributes and arguments that compiled functions use.
#pragma once

#include "ref.hpp"

namespace interloop::python {

// X(identifier, text)
#define INTERLOOP_PYTHON_NAMES(X)                  \
  X(canceller_, "_canceller")                      \
  X(capture_vars, "captureVars")                   \
  X(chained_to, "_chainedTo")                      \
  X(count, "count")                                \
  X(debug_info, "_debugInfo")                      \
  X(fail_result, "failResult")                     \
  X(paused, "paused")                              \
  X(run_callbacks, "_runCallbacks")                \
  X(running_callbacks, "_runningCallbacks")        \
  X(start_run_callbacks, "_startRunCallbacks")     \
  X(type, "type")                                  \
  X(add_done_callback, "add_done_callback")        \
  X(append, "append")                              \
  X(appendleft, "appendleft")                      \
  X(call_soon, "call_soon")                        \
  X(call_soon_, "_call_soon")                      \
  X(callback_, "_callback")                        \
  X(callbacks_, "_callbacks")                      \
  X(closed_, "_closed")                            \
  X(debug_, "_debug")                              \
  X(dunder_init, "__init__")                       \
  X(Handle, "Handle")                              \
  X(ready_, "_ready")                              \
  X(remove_done_callback, "remove_done_callback")  \
  X(rotate, "rotate")                              \
  X(run_, "_run")                                  \
  X(run_once, "_run_once")                         \
  X(stopping_, "_stopping")                        \
  X(addBoth, "addBoth")                            \
  X(addCallbacks, "addCallbacks")                  \
  X(addErrback, "addErrback")                      \
  X(callLater, "callLater")                        \
  X(callFromThread, "callFromThread")              \
  X(handle_exception, "call_exception_handler")    \
  X(call_later, "call_later")                      \
  X(callback, "callback")                          \
  X(called, "called")                              \
  X(cancel, "cancel")                              \
  X(cancelled, "cancelled")                        \
  X(canceller, "canceller")                        \
  X(chunk_size, "chunk_size")                      \
  X(close, "close")                                \
  X(consume_exceptions, "consume_exceptions")      \
  X(context, "context")                            \
  X(create_future, "create_future")                \
  X(create_task, "create_task")                    \
  X(critical, "critical")                          \
  X(debug, "debug")                                \
  X(delay, "delay")                                \
  X(done, "done")                                  \
  X(emit, "emit")                                  \
  X(errback, "errback")                            \
  X(error, "error")                                \
  X(exception, "exception")                        \
  X(fail, "fail")                                  \
  X(failure, "failure")                            \
  X(format, "format")                              \
  X(fun, "fun")                                    \
  X(func, "func")                                  \
  X(future, "future")                              \
  X(futures, "futures")                            \
  X(get_debug, "get_debug")                        \
  X(get_loop, "get_loop")                          \
  X(getErrorMessage, "getErrorMessage")            \
  X(info, "info")                                  \
  X(keep, "keep")                                  \
  X(level, "level")                                \
  X(log_category, "log_category")                  \
  X(log_format, "log_format")                      \
  X(log_level, "log_level")                        \
  X(log_time, "log_time")                          \
  X(loop, "loop")                                  \
  X(msg, "msg")                                    \
  X(obj, "obj")                                    \
  X(observer, "observer")                          \
  X(logger, "logger")                              \
  X(printTraceback, "printTraceback")              \
  X(result, "result")                              \
  X(seconds, "seconds")                            \
  X(self, "self")                                  \
  X(set_exception, "set_exception")                \
  X(set_result, "set_result")                      \
  X(tb, "tb")                                      \
  X(threadpool, "threadpool")                      \
  X(time, "time")                                  \
  X(timeout, "timeout")                            \
  X(txaio_trace, "txaio_trace")                    \
  X(seconds_per_bucket, "seconds_per_bucket")      \
  X(value, "value")                                \
  X(set, "set")                                    \
  X(wait, "wait")                                  \
  X(warning, "warning")                            \
  X(bucket_seconds, "bucket_seconds")              \
  X(deferred, "deferred")                          \
  X(lookupByName, "lookupByName")                  \
  X(namespace_, "namespace")                       \
  X(traceback_, "_traceback")                      \
  X(value_, "_value")                              \
  X(cancel_message, "_cancel_message")             \
  X(cancel_requested, "_cancel_requested")         \
  X(log_destroy_pending, "_log_destroy_pending")   \
  X(make_cancelled_error, "_make_cancelled_error") \
  X(is_coroutine, "_is_coroutine")                 \
  X(is_coroutine_mark, "_is_coroutine_mark")       \
  X(dunder_name, "__name__")                       \
  X(dunder_module, "__module__")                   \
  X(dunder_wrapped, "__wrapped__")                 \
  X(log_level_, "_log_level")                      \
  X(loggers, "_loggers")                           \
  X(categories, "_categories")                     \
  X(failed_type, "_type")                          \
  X(as_future, "as_future")                        \
  X(require_usable, "_require_usable")             \
  X(in_loop_thread, "_in_loop_thread")             \
  X(isInIOThread, "isInIOThread")                  \
  X(ioThread, "ioThread")                          \
  X(dunder_class, "__class__")                     \
  X(dunder_doc, "__doc__")                         \
  X(dunder_qualname, "__qualname__")               \
  X(dunder_annotations, "__annotations__")

/// `names::future` is the interned string "future".
namespace names {
#define INTERLOOP_PYTHON_DECLARE(identifier, text) extern PyObject* identifier;
INTERLOOP_PYTHON_NAMES(INTERLOOP_PYTHON_DECLARE)
#undef INTERLOOP_PYTHON_DECLARE
}  // namespace names

/// Makes them, once. False: a Python exception is set.
bool make_names();

}  // namespace interloop::python
