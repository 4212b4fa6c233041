// SPDX-License-Identifier: MIT
#include <interloop/call_graph.hpp>

#include <interloop/detail/callable_name.hpp>
#include <interloop/detail/graph_reader.hpp>
#include <interloop/detail/loop_access.hpp>
#include <interloop/detail/report.hpp>
#include <interloop/detail/wait_path.hpp>

#include "age_mark.hpp"
#include "core/failure/stack/symbols.hpp"

#include <memory>
#include <unordered_map>

namespace interloop {

namespace detail {

namespace {

constexpr std::size_t most_marks = 64;

void remove_mark(pending& base) noexcept {
  base.unlink();
  delete &static_cast<age_mark&>(base);
}

constexpr look mark_look{"mark", look::kind::mark};

// The symbols of callables' code. Many share theirs.
class code_names {
 public:
  explicit code_names(wait_graph& graph) : graph_(graph) {}

  std::size_t of(std::uint64_t code) {
    const auto [at, fresh] = known_.try_emplace(code, graph_node::none);
    if (!fresh) return at->second;
    std::string function = stack::function_at(reinterpret_cast<const void*>(code));
    if (function.empty()) return at->second;
    at->second = graph_.names.size();
    std::string callable = callable_name(function);
    graph_.names.push_back(callable.empty() ? std::move(function) : std::move(callable));
    return at->second;
  }

 private:
  wait_graph& graph_;
  std::unordered_map<std::uint64_t, std::size_t> known_;
};

}  // namespace

const pending::operations age_mark::table{nullptr, nullptr, &remove_mark, nullptr, nullptr, nullptr, &mark_look};

template <>
struct look_access<call_graph_tag> {
  static void read(const loop& core, graph_reader& reader) {
    const auto address = reinterpret_cast<std::uintptr_t>(&core);
    reader.read_loop(address);
    core.inbox_->while_locked([&] { reader.read_queues(address); });
  }
  static void mark(loop& core) {
    auto fresh = std::make_unique<age_mark>(core.now().time_since_epoch().count());
    std::size_t marks = 0;
    for (const pending* each = core.pending_; each; each = each->next) marks += each->ops == &age_mark::table ? 1U : 0U;
    bool drop = false;
    for (pending* each = core.pending_; marks >= most_marks && each;) {
      pending* const next = each->next;
      if (each->ops == &age_mark::table && std::exchange(drop, !drop)) remove_mark(*each);
      each = next;
    }
    loop_access::enlist(core, *fresh.release());
  }
};

}  // namespace detail

wait_graph call_graph(const loop& core) {
  detail::loop_access::check_thread(core, "call_graph");
  wait_graph graph;
  if (core.closed()) return graph;
  detail::own_memory memory;
  detail::graph_reader reader(memory, interloop_debug_layout_v1, graph);
  reader.set_now(core.now().time_since_epoch().count(), true);
  detail::look_access<detail::call_graph_tag>::read(core, reader);
  detail::code_names names(graph);
  for (graph_node& each : graph.nodes)
    if (each.code != 0) each.code_name = names.of(each.code);
  return graph;
}

std::string detail::wait_path(const loop& core, const pending& from) {
  wait_graph graph;
  own_memory memory;
  graph_reader reader(memory, interloop_debug_layout_v1, graph);
  reader.read_from(reinterpret_cast<std::uintptr_t>(&core), reinterpret_cast<std::uintptr_t>(&from));
  return graph.path_from(0);
}

std::string format_call_graph(const loop& core) { return call_graph(core).tree(); }

void mark_age(loop& core) {
  detail::loop_access::require_open(core, "mark_age");
  detail::look_access<detail::call_graph_tag>::mark(core);
}

void log_abandoned(const wait_graph& abandoned) {
  detail::report(
      "a loop was closed while something was pending on it",
      failure(std::make_exception_ptr(loop_closed("abandoned:\n" + abandoned.tree())), std::source_location{}));
}

}  // namespace interloop
