// SPDX-License-Identifier: MIT
// The programs of the client's page, which wamp_router_test runs.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/wamp.hpp>

#include <string>
#include <vector>

namespace page {

/// \param url  of a router with the realm `open`.
interloop::future<std::vector<std::string>> shop(interloop::api io, std::string url);
interloop::future<std::vector<int>> count(interloop::api io, std::string url);
interloop::future<int> keep_answering(interloop::api io, std::string url);

}  // namespace page
