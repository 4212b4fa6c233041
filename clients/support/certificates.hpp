// SPDX-License-Identifier: MIT
// Certificates for the TLS of a test's server.
#pragma once

#include "server_process.hpp"

#include <string>

namespace test_servers {

/// Made by `openssl`, in that folder: `authority.pem`, and for the server `server.pem` and `server.key`, for that name and
/// the address 127.0.0.1. False if openssl is not installed.
[[nodiscard]] bool make_certificates(const temporary_folder& in, const std::string& name);

}  // namespace test_servers
