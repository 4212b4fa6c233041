// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

#include <map>
#include <string>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const std::map<ability, std::string> lacks{{ability::nests, "event_base_loop() refuses to run inside a callback"}};

// With one of the variables by which libevent chooses its method.
bool add_variant(const char* name, const char* variable) {
  return testing::add_conformance({.name = name,
                                   .make = [] { return std::make_unique<on_libevent>(); },
                                   .lacks = lacks,
                                   .environment = {{variable, "1"}}});
}

const bool added[] = {
    testing::add_loop({.name = "libevent",
                       .make = [] { return std::make_unique<on_libevent>(); },
                       .lacks = lacks,
                       .own = [] { return loop_owner(libevent_loop()); }}),
    add_variant("libevent_poll", "EVENT_NOEPOLL"),
    add_variant("libevent_changelist", "EVENT_EPOLL_USE_CHANGELIST"),
};

}  // namespace
}  // namespace interloop::test
