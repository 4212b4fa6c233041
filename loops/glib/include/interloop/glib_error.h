/* SPDX-License-Identifier: MIT
 * The GErrors of futures that fail, for C and C++.
 *
 * A GTask whose future failed returns one of these: the GError that a GIO function failed with, unchanged;
 * G_IO_ERROR_CANCELLED for a future that was cancelled; G_IO_ERROR_TIMED_OUT for interloop's timeout_error; or an error of
 * the domain INTERLOOP_ERROR, whose message is the exception's.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define INTERLOOP_ERROR (interloop_error_quark())

/* interloop's exceptions, and one for all others. */
typedef enum {
  INTERLOOP_ERROR_FAILED,         /* an exception of the application's or of a library's; the message names its type */
  INTERLOOP_ERROR_LOOP_CLOSED,    /* the loop was closed first */
  INTERLOOP_ERROR_BROKEN_PROMISE, /* nobody could complete the future any more */
  INTERLOOP_ERROR_USAGE,          /* a mistake in the program, as are the next two */
  INTERLOOP_ERROR_INVALID_STATE,
  INTERLOOP_ERROR_WRONG_THREAD
} InterloopError;

/* Any thread. */
GQuark interloop_error_quark(void);

G_END_DECLS
