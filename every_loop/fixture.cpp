// SPDX-License-Identifier: MIT
#include <interloop/testing/loop_kinds.hpp>

#include "core/testing/fixture.hpp"

#include <memory>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const bool added =
    testing::add_loop({.name = "manual",
                       .make = [] { return std::make_unique<on_manual>(); },
                       .lacks = {{ability::passes_time, "the clock stands still unless the test moves it"},
                                 {ability::calls_natively, "it has no handlers besides interloop's"},
                                 {ability::watches_natively, "it has no handlers besides interloop's"}}});

}  // namespace
}  // namespace interloop::test
