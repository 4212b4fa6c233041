// SPDX-License-Identifier: MIT
// The alternatives of throw_traces.cpp, which are in throw_traces_peers.cpp.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// One way to note the stack: `note` at a throw, `text` when somebody wants to read what was noted last.
struct peer {
  void (*note)();
  std::string (*text)();
};
extern const peer glibc, boost_stacktrace, backward_cpp;

/// A `Peer` as a type, so that benchmarks are named after it.
struct of_glibc {
  static constexpr const peer& how = glibc;
};
struct of_boost_stacktrace {
  static constexpr const peer& how = boost_stacktrace;
};
struct of_backward_cpp {
  static constexpr const peer& how = backward_cpp;
};

}  // namespace bench
