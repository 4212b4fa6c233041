// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

#include <map>
#include <string>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const std::map<ability, std::string> lacks{
    {ability::nests, "sd_event_run() inside a callback returns -EBUSY"},
    {ability::ends_when_idle, "an sd_event runs until sd_event_exit()"},
    {ability::runs_in_child, "an sd_event returns -ECHILD in a forked child"},
};

sd_event* default_event() {
  sd_event* made = nullptr;
  sd_event_default(&made);
  return made;
}

const bool added[] = {
    testing::add_loop({.name = "sd_event",
                       .make = [] { return std::make_unique<on_sd_event>(); },
                       .lacks = lacks,
                       .own = [] { return loop_owner(sd_event_loop()); }}),
    // The thread of the default one is known before its first turn.
    testing::add_conformance({.name = "sd_event_default_crowded",
                              .make = [] { return std::make_unique<on_sd_event>(default_event(), true); },
                              .lacks = lacks}),
};

}  // namespace
}  // namespace interloop::test
