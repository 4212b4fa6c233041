// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include "support/loops.hpp"

namespace interloop::test {
namespace {

using testing::conformance::ability;

// libuv opens descriptors for signals with its first loop, for good: before any case counts them.
const bool added =
    (on_libuv(), add_loop({
                     .name = "libuv",
                     .make = [] { return std::make_unique<on_libuv>(); },
                     .lacks = {{ability::nests, "libuv's documentation forbids uv_run() inside a callback"}},
                     .own = [] { return loop_owner(libuv_loop()); },
                 }));

}  // namespace
}  // namespace interloop::test
