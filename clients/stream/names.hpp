// SPDX-License-Identifier: MIT
// The addresses of a host's name, by interloop's client for DNS.
#pragma once

#include "address.hpp"

#include <interloop/api.hpp>

#include <string>
#include <vector>

namespace interloop::streams {

/// Whether this was built with the client for DNS, so that names can be looked up.
[[nodiscard]] bool reads_names() noexcept;

/// The addresses of `host.host`, with its port, in the order in which to try them; never empty.
/// \param servers  as `dns::resolver_options::servers`. Empty: the system's.
/// Errors: `dns::lookup_error`; `usage_error` if `reads_names()` is false, or `servers` cannot be used.
[[nodiscard]] future<std::vector<native_address>> look_up(api loop, address host, std::string servers);

}  // namespace interloop::streams
