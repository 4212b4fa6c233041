// SPDX-License-Identifier: MIT
// The conformance suite on the loop of adapter_poll.
// [main]
#include <interloop/testing/conformance.hpp>
#include <memory>

#include "fixture.hpp"

namespace conformance = interloop::testing::conformance;
using conformance::ability;

int main(int argc, char** argv) {
  return conformance::run_all({.name = "poll",
                               .make = [] { return std::make_unique<interloop::test::on_poll>(); },
                               .lacks = {{ability::calls_natively, "it has no handlers besides interloop's"},
                                         {ability::watches_natively, "it has no handlers besides interloop's"}}},
                              argc, argv);
}
// [/main]
