// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

#include <map>
#include <string>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const std::map<ability, std::string> lacks{{ability::ends_when_idle, "a GMainLoop runs until it is told to quit"}};

const bool added[] = {
    testing::add_loop({.name = "glib",
                       .make = [] { return std::make_unique<on_glib>(); },
                       .lacks = lacks,
                       .own = [] { return loop_owner(glib_loop()); }}),
    // The default context opens its descriptors once, for good: before any case counts them.
    (g_main_context_iteration(nullptr, FALSE),
     testing::add_conformance(
         {.name = "glib_default_context", .make = [] { return std::make_unique<on_glib>(nullptr); }, .lacks = lacks})),
};

}  // namespace
}  // namespace interloop::test
