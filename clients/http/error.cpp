// SPDX-License-Identifier: MIT
#include <interloop/http/error.hpp>

namespace interloop::http {

http_error::~http_error() = default;

}  // namespace interloop::http
