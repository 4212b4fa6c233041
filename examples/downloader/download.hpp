// SPDX-License-Identifier: MIT
// Downloads a page without blocking, on any loop.
#pragma once

#include <interloop/interloop.hpp>

#include <cstdint>
#include <string>

namespace downloader {

/// The body of http://127.0.0.1:`port``path`. Cancelling it closes the connection.
/// Thread safety: a loop's thread only. Errors: the future fails with `std::system_error`, or with `std::runtime_error`
/// if the server's status is not 200.
[[nodiscard]] interloop::future<std::string> download(std::uint16_t port, std::string path);

}  // namespace downloader
