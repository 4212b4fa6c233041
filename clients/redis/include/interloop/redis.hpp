// SPDX-License-Identifier: MIT
// The Redis client: everything of it except `attach`, which is for programs that use hiredis themselves.
#pragma once

#include <interloop/redis/client.hpp>
#include <interloop/redis/error.hpp>
#include <interloop/redis/options.hpp>
#include <interloop/redis/reply.hpp>
#include <interloop/redis/subscriber.hpp>
#include <interloop/redis/transaction.hpp>
#include <interloop/redis/word.hpp>
