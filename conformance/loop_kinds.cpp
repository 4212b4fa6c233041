// SPDX-License-Identifier: MIT
#include <interloop/testing/loop_kinds.hpp>

#include <interloop/error.hpp>

#include <algorithm>
#include <utility>

namespace interloop::testing {

loop_kinds& known_loops() {
  static loop_kinds known;
  return known;
}

bool add_loop(conformance::harness kind) {
  auto& all = known_loops().all;
  all.insert(std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.name > kind.name; }),
             std::move(kind));
  return true;
}

bool add_conformance(conformance::harness kind) {
  known_loops().for_conformance.push_back(std::move(kind));
  return true;
}

bool add_linked(std::string_view loop) {
  known_loops().linked.emplace_back(loop);
  return true;
}

const conformance::harness& loop_kind(std::string_view name) {
  std::string names;
  for (const auto& each : known_loops().all) {
    if (each.name == name) return each;
    names += (names.empty() ? "" : ", ") + each.name;
  }
  throw usage_error("this program has no loop '" + std::string(name) + "'; it has " +
                    (names.empty() ? "none: link it with interloop::every_loop_<loop>" : names));
}

std::vector<std::string> loop_names() {
  std::vector<std::string> names;
  for (const auto& each : known_loops().all) names.push_back(each.name);
  return names;
}

std::vector<std::string> own_loop_names() {
  std::vector<std::string> names;
  for (const auto& each : known_loops().all)
    if (each.own) names.push_back(each.name);
  return names;
}

}  // namespace interloop::testing
