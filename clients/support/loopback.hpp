// SPDX-License-Identifier: MIT
// Where a test's servers listen: ports of 127.0.0.1, and Unix sockets.
#pragma once

#include <netinet/in.h>

#include <string>

namespace test_servers {

[[nodiscard]] sockaddr_in loopback(int port);

/// A listening socket, and its port, which was free. Throws `std::runtime_error`.
[[nodiscard]] int listen_on_free_port(int& port);

/// The next connection of a listening socket; negative once that is shut down. Does not wait inside accept(), which takes a
/// number of a descriptor before it waits: a client in the same process may close one and rely on getting it back.
[[nodiscard]] int accept_next(int listener);

/// A port on which nobody listens, for connections and for datagrams. It is not one of those that Linux gives to sockets
/// without one: while a test's server is down, another socket could get it, and one that asks this port would hear itself.
[[nodiscard]] int free_port();

/// Whether somebody listens there.
[[nodiscard]] bool accepts(int port);
[[nodiscard]] bool accepts(const std::string& path);

}  // namespace test_servers
