// SPDX-License-Identifier: MIT
// An HTTP client on any loop, over libcurl's multi interface. It names no event loop. See clients/http/README.md.
#pragma once

#include <interloop/http/client.hpp>
#include <interloop/http/error.hpp>
#include <interloop/http/headers.hpp>
#include <interloop/http/options.hpp>
#include <interloop/http/request.hpp>
#include <interloop/http/response.hpp>
