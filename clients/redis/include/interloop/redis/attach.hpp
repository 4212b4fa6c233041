// SPDX-License-Identifier: MIT
// hiredis on interloop: in hiredis' terms, an adapter. This one file serves every loop that interloop runs on.
#pragma once

#include <interloop/api.hpp>

struct redisAsyncContext;

namespace interloop::redis {

/// Lets hiredis wait for its socket through `loop`, with one watch. The caller keeps owning the context; the objects
/// made here are destroyed when hiredis frees the context (its `cleanup` hook), which may happen inside a call that
/// they made.
///
/// Call `redisAsyncSetConnectCallback` after this: hiredis asks for writability there, and only there, so that a callback
/// set before is not called until a command is sent. The process must ignore SIGPIPE, as with every use of hiredis, which
/// writes to sockets that the server may have closed. (`client` does not need that.)
///
/// If the loop is closed first, nothing more happens on the context, and it can still be freed.
/// Thread safety: the loop's thread only. Errors: `usage_error` if the context already has an adapter, or has no
/// socket; `loop_closed`.
void attach(const api& loop, redisAsyncContext& context);

}  // namespace interloop::redis
