// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

namespace interloop::test {
namespace {

using testing::conformance::ability;

// libuv opens descriptors for signals with its first loop, for good: before any case counts them.
const bool added =
    (on_libuv(), testing::add_loop({
                     .name = "libuv",
                     .make = [] { return std::make_unique<on_libuv>(); },
                     .lacks = {{ability::nests, "libuv's documentation forbids uv_run() inside a callback"}},
                     .own = [] { return loop_owner(libuv_loop()); },
                 }));

}  // namespace
}  // namespace interloop::test
