// SPDX-License-Identifier: MIT
#include "inspect.hpp"

#include <interloop/detail/callable_name.hpp>
#include <interloop/detail/graph_reader.hpp>

#include "elf.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <unordered_map>
#include <utility>

namespace interloop::inspect {

namespace {

// A process that is too busy to be read between two turns is read this often, and no more after this long.
constexpr int most_attempts = 20;
constexpr std::chrono::seconds longest{2};

void append(wait_graph& to, wait_graph from) {
  const std::size_t nodes = to.nodes.size();
  const std::size_t edges = to.edges.size();
  const std::size_t places = to.places.size();
  const std::size_t names = to.names.size();
  const auto moved = [](std::size_t index, std::size_t by) { return index == graph_node::none ? index : index + by; };
  for (graph_node& each : from.nodes) {
    each.name = moved(each.name, names);
    each.code_name = moved(each.code_name, names);
    each.created = moved(each.created, places);
    each.awaits = moved(each.awaits, places);
    each.first_edge += edges;
    to.nodes.push_back(each);
  }
  for (const std::size_t each : from.edges) to.edges.push_back(each + nodes);
  std::move(from.places.begin(), from.places.end(), std::back_inserter(to.places));
  std::move(from.names.begin(), from.names.end(), std::back_inserter(to.names));
  for (wait_graph::loop_state& each : from.loops) {
    each.first += nodes;
    each.last += nodes;
    to.loops.push_back(std::move(each));
  }
}

// One loop. If turns go on while it is read, what was read may be from different moments.
wait_graph read_loop(target& in, const detail::debug_layout& layout, std::uint64_t loop) {
  wait_graph best;
  const auto last = std::chrono::steady_clock::now() + longest;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(std::min(attempt, 5)));
    in.look_again();
    wait_graph graph;
    detail::graph_reader reader(in, layout, graph);
    if (const auto now = in.now()) reader.set_now(*now, false);
    const std::uint64_t before = reader.turns(loop);
    bool good = reader.read_loop(loop);
    good = reader.read_queues(loop) && good;
    in.look_again();
    const bool still = reader.turns(loop) == before;
    graph.loops.back().consistent = good && (still || !in.lives());
    if (attempt == 0 || good) best = std::move(graph);
    if ((good && still) || !in.lives() || std::chrono::steady_clock::now() > last) break;
  }
  return best;
}

}  // namespace

wait_graph look_into(target& in) {
  wait_graph all;
  std::size_t known = 0;
  std::uint32_t other = 0;
  for (const std::uint64_t at : find_tables(in)) {
    detail::debug_layout layout{};
    std::uint32_t versions[2];
    if (!in.read(at, layout.magic, sizeof layout.magic) ||
        std::memcmp(layout.magic, detail::layout_magic, sizeof layout.magic) != 0 ||
        !in.read(at + sizeof layout.magic, versions, sizeof versions))
      continue;
    if (versions[0] != detail::layout_version) {
      other = versions[0];
      continue;
    }
    if (versions[1] < sizeof layout || !in.get(at, layout)) continue;
    ++known;
    std::vector<std::uint64_t> loops;
    for (int attempt = 0; attempt < 3; ++attempt) {
      in.look_again();
      wait_graph nothing;
      loops = detail::graph_reader(in, layout, nothing).loops();
      if (!loops.empty() || !in.lives()) break;
    }
    for (const std::uint64_t loop : loops) append(all, read_loop(in, layout, loop));
  }
  if (known == 0 && other != 0)
    throw problem(in.name() + " has an interloop whose tables are of version " + std::to_string(other) +
                  "; this program knows version " + std::to_string(detail::layout_version) +
                  ": use the interloop-ps that was installed with that interloop");
  if (known == 0)
    throw problem("there is no interloop in " + in.name() +
                  ", or one from before it could be looked into, or its program file has changed since");
  code_names names(in);
  std::unordered_map<std::uint64_t, std::size_t> known_code;
  for (graph_node& each : all.nodes) {
    if (each.code == 0) continue;
    const auto [place, fresh] = known_code.try_emplace(each.code, graph_node::none);
    if (fresh) {
      if (std::string function = names.at(each.code); !function.empty()) {
        place->second = all.names.size();
        std::string callable = detail::callable_name(function);
        all.names.push_back(callable.empty() ? std::move(function) : std::move(callable));
      }
    }
    each.code_name = place->second;
  }
  return all;
}

}  // namespace interloop::inspect
