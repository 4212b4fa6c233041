// SPDX-License-Identifier: MIT
// The work: 64 calls in flight through a router. And Autobahn|Python's callers, which do the same.
#pragma once

#include "clients/support/server_process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline constexpr int in_flight = 64;
inline constexpr int rounds = 25;  // for one figure

/// How a caller reaches the router.
struct way {
  std::string transport;   // ws or rs
  std::string serializer;  // json, msgpack or cbor
  [[nodiscard]] std::string name() const { return transport + "_" + serializer; }
};
inline const std::vector<way> ways{{"rs", "msgpack"}, {"ws", "msgpack"}, {"ws", "json"}, {"rs", "cbor"}};

/// Autobahn|Python's caller on `asyncio` or `uvloop`, in a process that ends with this object.
class autobahn_caller {
 public:
  /// \param address  ws: the URL; rs: the Unix socket.
  autobahn_caller(const std::string& loop, const way& by, const std::string& address);
  /// The procedure that makes it work: takes the number of rounds, returns the seconds of processor time.
  [[nodiscard]] std::string procedure() const { return "bench." + name_; }

 private:
  std::string name_;
  test_servers::server_process process_;
};

}  // namespace bench
