// SPDX-License-Identifier: MIT
#include <interloop/redis/error.hpp>

namespace interloop::redis {

error_reply::~error_reply() = default;
connection_error::~connection_error() = default;
connection_lost::~connection_lost() = default;

}  // namespace interloop::redis
