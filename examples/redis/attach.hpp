// SPDX-License-Identifier: MIT
// hiredis on interloop: what hiredis calls an adapter. This one file serves every loop that interloop runs on.
#pragma once

#include <interloop/api.hpp>

struct redisAsyncContext;

namespace redis {

/// Lets hiredis wait for its socket through `loop`, by one watch. The context stays its owner's; what is made here goes
/// when hiredis frees the context (its `cleanup` hook), which may be inside a call that this made.
///
/// When the loop is closed first, nothing happens on the context any more, and it can still be freed.
/// Thread safety: the loop's thread only. Errors: `usage_error` if the context has an adapter already or no socket,
/// `loop_closed`.
void attach(const interloop::api& loop, redisAsyncContext& context);

}  // namespace redis
