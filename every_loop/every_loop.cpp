// SPDX-License-Identifier: MIT
#include <interloop/testing/every_loop.hpp>

#include "descriptors.hpp"
#include "patient_manual.hpp"

#include <interloop/call_graph.hpp>
#include <interloop/testing/replace_loop.hpp>

#include <algorithm>
#include <utility>

namespace interloop::testing {

namespace {

using detail::descriptors;
using detail::patient_manual;

/// An exception that nobody handled.
struct unhandled {
  std::string line;
  std::string traceback;
};

std::string only_linked() {
  const auto& linked = known_loops().linked;
  if (linked.size() == 1) return linked.front();
  if (linked.empty())
    throw usage_error(
        "this program is linked with no loop: make it by interloop_add_every_loop_test(), or link it with "
        "interloop::every_loop_<loop>");
  std::string names;
  for (const auto& each : linked) names += (names.empty() ? "" : ", ") + each;
  throw usage_error("this program is linked with several loops (" + names + "): name the one that is meant");
}

std::unique_ptr<conformance::native_loop> make(const conformance::harness& kind) {
  if (kind.name == patient_manual::name) return std::make_unique<patient_manual>();
  return kind.make();
}

// A native loop may open descriptors for its first run, and the first one of a process some that stay.
void run_once(conformance::native_loop& native) {
  const auto ran = std::make_shared<bool>(false);
  native.core().call_later(std::chrono::microseconds(1), [ran] { *ran = true; });
  native.run_until([&] { return *ran; }, every_loop::usual_limit);
}

bool is_queued(const graph_node& node) { return node.what == graph_node::kind::queued; }

bool has_queued(const loop& core) {
  const wait_graph graph = call_graph(core);
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), is_queued);
}

}  // namespace

limit_passed::~limit_passed() = default;

// In the order of making; destroyed in the reverse order.
struct every_loop::parts {
  reporter report;
  descriptors before;
  std::unique_ptr<conformance::native_loop> native;
  // Shared with the handler, because futures may outlive the loop.
  std::shared_ptr<std::vector<unhandled>> escaped = std::make_shared<std::vector<unhandled>>();
  std::unique_ptr<loop_replacement> selected;
  bool running = false;
};

every_loop::every_loop(reporter report) : every_loop(std::move(report), only_linked()) {}

every_loop::every_loop(reporter report, std::string_view kind)
    : kind_(kind), jumps_(kind == patient_manual::name), parts_(std::make_unique<parts>()) {
  if (!report) throw usage_error("every_loop needs a function that it can tell what it finds; none was given");
  const conformance::harness& harness = loop_kind(kind);
  parts_->report = std::move(report);
  parts_->native = make(harness);
  run_once(*parts_->native);
  parts_->before = detail::open_descriptors();
  loop& core = parts_->native->core();
  core.set_exception_handler([escaped = parts_->escaped](std::string_view context, const failure& fail) {
    escaped->push_back({std::string(context) + ": " + failure_message(fail), failure_format_traceback(fail)});
  });
  parts_->selected.reset(new loop_replacement(replace_loop(core)));
}

every_loop::~every_loop() { close(); }

every_loop::parts& every_loop::open(const char* function) const {
  if (!parts_) throw usage_error(std::string(function) + " of an every_loop that is closed: make another one");
  return *parts_;
}

loop& every_loop::core() const { return open("core").native->core(); }
conformance::native_loop& every_loop::native() const { return *open("native").native; }

void every_loop::require_own(const loop& of) const {
  if (&of != &core()) throw usage_error("the future belongs to another loop than the one that this every_loop runs");
}

void every_loop::wait_for(const std::function<bool()>& done, duration limit, std::string_view otherwise) {
  parts& mine = open("run");
  if (mine.running) throw usage_error("an every_loop cannot be run inside a callback: use co_await there");
  struct while_running {
    explicit while_running(bool& flag) : running(flag) { running = true; }
    while_running(const while_running&) = delete;
    while_running& operator=(const while_running&) = delete;
    ~while_running() { running = false; }
    bool& running;
  };
  bool is_done = false;
  {
    const while_running guard(mine.running);
    is_done = mine.native->run_until(done, limit);
  }
  if (is_done) return;
  const std::string left = pending();
  throw limit_passed(std::string(otherwise) + " within " +
                     std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) + " ms on " +
                     kind_ + (left.empty() ? ", and nothing is pending there" : ". Pending:\n" + left));
}

void every_loop::settle(duration limit) {
  wait_for([this] { return !has_queued(core()); }, limit,
           "the loop did not come to rest: callbacks keep queueing others");
}

std::string every_loop::pending() const {
  const wait_graph graph = call_graph(core());
  const bool some =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const auto& each) { return !is_queued(each); });
  return some ? graph.tree() : std::string();
}

std::vector<std::string> every_loop::taken_exceptions() {
  std::vector<std::string> lines;
  for (auto& each : std::exchange(*open("taken_exceptions").escaped, {})) lines.push_back(std::move(each.line));
  return lines;
}

void every_loop::ignore_open_descriptors() { open("ignore_open_descriptors").before = detail::open_descriptors(); }

void every_loop::close() {
  if (!parts_) return;
  if (!core().closed()) {
    try {
      settle(std::chrono::seconds(1));
      if (const std::string left = pending(); !left.empty()) parts_->report("left pending on " + kind_ + ":\n" + left);
    } catch (const limit_passed& restless) {
      parts_->report(restless.what());
    }
  }
  const std::unique_ptr<parts> mine = std::move(parts_);
  mine->selected.reset();
  mine->native.reset();
  for (const unhandled& each : *mine->escaped)
    mine->report("an exception that nobody handled, on " + kind_ + ": " + each.line + "\n" + each.traceback);
  mine->escaped->clear();
  if (const std::string opened = detail::opened_since(mine->before, detail::open_descriptors()); !opened.empty())
    mine->report("descriptors left open on " + kind_ + ":\n" + opened);
}

}  // namespace interloop::testing
