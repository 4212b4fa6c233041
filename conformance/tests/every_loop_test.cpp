// SPDX-License-Identifier: MIT
// The conformance suite on every loop there is.
#include "support/conformance.hpp"
#include "support/loops.hpp"

#include <gtest/gtest.h>

// Linked in some order, the fixtures have all been added when main runs.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (const auto* kinds : {&interloop::test::known_loops().all, &interloop::test::known_loops().for_conformance})
    for (const auto& kind : *kinds) register_cases(kind.name, kind);
  return RUN_ALL_TESTS();
}
