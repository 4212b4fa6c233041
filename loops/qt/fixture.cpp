// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include <interloop/testing/loop_kinds.hpp>

#include <map>
#include <string>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const std::map<ability, std::string> lacks{{ability::ends_when_idle, "a QEventLoop runs until it is told to quit"}};

const bool added[] = {
    testing::add_loop({.name = "qt",
                       .make = [] { return std::make_unique<on_qt>(); },
                       .lacks = lacks,
                       .own =
                           [] {
                             need_application_elsewhere();
                             return loop_owner(qt_loop());
                           }}),
    testing::add_conformance({.name = "qt_plain",
                              .make = [] { return std::make_unique<on_qt>(); },
                              .lacks = lacks,
                              .environment = {{"QT_NO_GLIB", "1"}}}),
};

}  // namespace
}  // namespace interloop::test
