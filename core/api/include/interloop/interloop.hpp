// SPDX-License-Identifier: MIT
// Start here: everything a library or an application needs, except the loop, which has its own header under adapters/.
#pragma once

#include <interloop/version.hpp>  // first: it checks the language version

#include <interloop/api.hpp>
#include <interloop/awaitables.hpp>
#include <interloop/batched_timer.hpp>
#include <interloop/config.hpp>
#include <interloop/coroutine.hpp>
#include <interloop/error.hpp>
#include <interloop/failure.hpp>
#include <interloop/first_of.hpp>
#include <interloop/function.hpp>
#include <interloop/future.hpp>
#include <interloop/gather.hpp>
#include <interloop/group_error.hpp>
#include <interloop/loop.hpp>
#include <interloop/result.hpp>
#include <interloop/shield.hpp>
#include <interloop/task_group.hpp>
#include <interloop/time.hpp>
#include <interloop/timeout.hpp>
#include <interloop/timer.hpp>
#include <interloop/watch.hpp>
