// SPDX-License-Identifier: MIT
// Downloading a page without blocking, on whatever loop is there.
#pragma once

#include <interloop/interloop.hpp>

#include <cstdint>
#include <string>

namespace downloader {

/// The body of http://127.0.0.1:`port``path`. Cancelling it closes the connection.
/// Thread safety: a loop's thread only. Errors: the future fails with `std::system_error`, or `std::runtime_error` where
/// the server says anything but 200.
[[nodiscard]] interloop::future<std::string> download(std::uint16_t port, std::string path);

}  // namespace downloader
