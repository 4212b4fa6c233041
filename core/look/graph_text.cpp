// SPDX-License-Identifier: MIT
#include <interloop/call_graph.hpp>

#include <interloop/detail/graph_reader.hpp>
#include <interloop/detail/json_text.hpp>
#include <interloop/detail/readable.hpp>
#include <interloop/detail/span_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace interloop {

namespace {

using kind = graph_node::kind;

std::string hexadecimal(std::uint64_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return "0x" + std::string(digits, end);
}

// "1,234"
std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

// The last two parts of a path say enough to a person.
std::string short_file(const std::string& file) {
  const auto last = file.rfind('/');
  return last == std::string::npos ? file : file.substr(last + 1);
}

// Texts of one graph. Many nodes share a place or a name, so each is made once.
class writer {
 public:
  explicit writer(const wait_graph& graph) : graph_(graph), at_(graph.places.size()), functions_(graph.places.size()) {}

  const std::string& where(std::size_t place) {
    static const std::string nowhere = "an unknown place";
    if (place >= at_.size()) return nowhere;
    std::string& text = at_[place];
    if (text.empty()) {
      const graph_place& from = graph_.places[place];
      text = short_file(from.file) + ":" + std::to_string(from.line);
    }
    return text;
  }
  const std::string& function(std::size_t place) {
    static const std::string unnamed = "?";
    if (place >= functions_.size()) return unnamed;
    std::string& text = functions_[place];
    if (text.empty()) {
      // Parameters' types make lines long and say little: the place is there too.
      text = detail::readable_function(graph_.places[place].function);
      if (const auto open = text.find('('); open != std::string::npos && open > 0 && text.back() == ')' &&
                                            text.find("<lambda") == std::string::npos &&
                                            text.find("operator") == std::string::npos)
        text.resize(open);
      if (text.empty()) text = "?";
    }
    return text;
  }
  std::string_view name(std::size_t index) const {
    return index < graph_.names.size() ? std::string_view(graph_.names[index]) : std::string_view("?");
  }

  // What it is and where it was made, without what it waits for.
  std::string what(const graph_node& node) {
    std::string text;
    switch (node.what) {
      case kind::coroutine:
        text = "coroutine " + function(node.created) + " (" + where(node.created) + ")";
        break;
      case kind::generator:
        text = "async_generator " + function(node.created) + " (" + where(node.created) + ")";
        break;
      case kind::future:
      case kind::several:
        text = std::string(name(node.name));
        text += made(node);
        break;
      case kind::wait:
        text = std::string(name(node.name)) + " at " + where(node.created);
        break;
      case kind::timer:
        text = node.due < 0 ? "timer overdue by " : "timer due in ";
        text +=
            detail::span_text(duration(node.due < 0 ? -(node.due + 1) : node.due)) + ": " + callable(node) + made(node);
        break;
      case kind::watch:
        text = "watch of descriptor " + std::to_string(node.descriptor) + " for ";
        text += node.interest == 0   ? "nothing"
                : node.interest == 1 ? "reading"
                : node.interest == 2 ? "writing"
                                     : "reading and writing";
        text += ": " + callable(node) + made(node);
        break;
      case kind::hold:
        text = (node.count == 1 ? "hold" : grouped(node.count) + " holds") + made(node);
        break;
      case kind::queued:
        text = "queued: " + (node.code != 0 ? callable(node) : std::string(name(node.name))) + made(node);
        break;
    }
    if (node.completed) text += ", completed";
    if (node.age) text += ", older than " + detail::span_text(duration(*node.age));
    return text;
  }

  std::string made(const graph_node& node) {
    return node.created == graph_node::none ? std::string() : " made at " + where(node.created);
  }

  std::string callable(const graph_node& node) const {
    if (node.code_name < graph_.names.size()) return graph_.names[node.code_name];
    return "code at " + hexadecimal(node.code);
  }

  // How it waits, "" if it does not.
  std::string waits(const graph_node& node) {
    if (node.awaits != graph_node::none) return "awaits at " + where(node.awaits);
    if (node.what == kind::coroutine && node.edge_count == 0 && !node.completed) return "not suspended in a co_await";
    return {};
  }

 private:
  const wait_graph& graph_;
  std::vector<std::string> at_;
  std::vector<std::string> functions_;
};

std::string headline(const wait_graph& graph, const wait_graph::loop_state& loop) {
  std::array<std::size_t, 9> counts{};
  for (std::size_t i = loop.first; i < loop.last; ++i) {
    const graph_node& node = graph.nodes[i];
    const auto at = static_cast<std::size_t>(node.what);
    if (at < counts.size()) counts[at] += node.what == kind::hold ? static_cast<std::size_t>(node.count) : 1;
  }
  const auto count = [&](kind of) { return counts[static_cast<std::size_t>(of)]; };
  const auto number = [](std::size_t how_many, const char* of) {
    return grouped(how_many) + " " + of + (how_many == 1 ? "" : "s");
  };
  std::string text =
      "loop " + (loop.name.empty() ? "?" : loop.name) + " at " + hexadecimal(loop.address) + ", " +
      (loop.turning ? "in a turn" : "between turns") + ", " + grouped(loop.turns) +
      (loop.turns == 1 ? " turn" : " turns") + " so far: " + number(count(kind::coroutine), "coroutine") + ", " +
      number(count(kind::future) + count(kind::several), "future") + ", " + number(count(kind::timer), "timer") + ", ";
  const std::size_t watches = count(kind::watch);
  text += grouped(watches) + (watches == 1 ? " watch" : " watches") + ", " + number(count(kind::hold), "hold");
  if (!loop.consistent) text += " (it was changing while it was read: parts may be missing or out of date)";
  return text + "\n";
}

// Writes the tree of one loop. Without recursion: a chain may have a hundred thousand coroutines.
class tree_writer {
 public:
  tree_writer(const wait_graph& graph, const wait_graph::loop_state& loop, writer& texts, std::string& out)
      : graph_(graph), loop_(loop), texts_(texts), out_(out), state_(loop.last - loop.first) {}

  void write() {
    out_ += headline(graph_, loop_);
    std::vector<bool> awaited(state_.size());
    for (std::size_t i = loop_.first; i < loop_.last; ++i)
      for_each_target(i, [&](std::size_t to) { awaited[to - loop_.first] = true; });
    std::vector<std::size_t> roots;
    for (std::size_t i = loop_.first; i < loop_.last; ++i)
      if (!awaited[i - loop_.first]) roots.push_back(i);
    mark_reachable(roots);
    // The rest waits in rings: each ring starts somewhere.
    for (std::size_t i = loop_.first; i < loop_.last; ++i) {
      if (state_[i - loop_.first] != state::unseen) continue;
      roots.push_back(i);
      mark_reachable({i});
    }
    std::fill(state_.begin(), state_.end(), state::unseen);
    write_all(roots);
  }

 private:
  enum class state : unsigned char { unseen, open, written };
  struct level {
    std::vector<std::size_t> nodes;  // the first of each group of equal ones
    std::vector<std::size_t> counts;
    std::size_t next = 0;
    std::string indent;
    std::size_t of;
  };

  template <class F>
  void for_each_target(std::size_t node, F fn) const {
    const graph_node& from = graph_.nodes[node];
    for (std::size_t i = 0; i < from.edge_count; ++i)
      if (const std::size_t to = graph_.edges[from.first_edge + i]; to >= loop_.first && to < loop_.last) fn(to);
  }

  void mark_reachable(std::vector<std::size_t> from) {
    while (!from.empty()) {
      const std::size_t at = from.back();
      from.pop_back();
      if (std::exchange(state_[at - loop_.first], state::open) != state::unseen) continue;
      for_each_target(at, [&](std::size_t to) { from.push_back(to); });
    }
  }

  // Those that look the same and wait for nothing are counted.
  level grouped_level(const std::vector<std::size_t>& nodes, std::string indent, std::size_t of) {
    level made{{}, {}, 0, std::move(indent), of};
    using key = std::tuple<kind, std::size_t, std::size_t, std::size_t, std::uint64_t, bool, bool, bool>;
    std::map<key, std::size_t> groups;
    for (const std::size_t i : nodes) {
      const graph_node& node = graph_.nodes[i];
      const bool alike =
          node.edge_count == 0 && node.what != kind::timer && node.what != kind::watch && node.what != kind::hold;
      if (alike) {
        const auto [group, fresh] = groups.try_emplace(key{node.what, node.name, node.created, node.awaits, node.code,
                                                           node.completed, node.callbacks, node.age.has_value()},
                                                       made.nodes.size());
        if (!fresh) {
          ++made.counts[group->second];
          continue;
        }
      }
      made.nodes.push_back(i);
      made.counts.push_back(1);
    }
    return made;
  }

  void write_all(const std::vector<std::size_t>& roots) {
    constexpr std::size_t deepest = 40;
    std::vector<level> levels;
    levels.push_back(grouped_level(roots, "", graph_node::none));
    while (!levels.empty()) {
      level& top = levels.back();
      if (top.next == top.nodes.size()) {
        if (top.of != graph_node::none) state_[top.of - loop_.first] = state::written;
        levels.pop_back();
        continue;
      }
      const std::size_t at = top.nodes[top.next];
      const std::size_t count = top.counts[top.next];
      const bool last = ++top.next == top.nodes.size();
      const graph_node& node = graph_.nodes[at];
      out_ += top.indent;
      out_ += last ? "└─ " : "├─ ";
      if (count > 1) out_ += grouped(count) + " × ";
      out_ += texts_.what(node);
      state& now = state_[at - loop_.first];
      if (now == state::open) {
        out_ += " ← a ring: it waits for itself\n";
        continue;
      }
      if (now == state::written && node.edge_count > 0) {
        out_ += " (see above)\n";
        continue;
      }
      if (const std::string how = texts_.waits(node); !how.empty()) out_ += ", " + how;
      out_ += "\n";
      if (node.edge_count == 0) {
        now = state::written;
        continue;
      }
      now = state::open;
      std::vector<std::size_t> below;
      for_each_target(at, [&](std::size_t to) { below.push_back(to); });
      // From some depth on, lines are not indented further.
      std::string indent = top.indent;
      if (levels.size() < deepest) indent += last ? "   " : "│  ";
      levels.push_back(grouped_level(below, std::move(indent), at));
    }
  }

  const wait_graph& graph_;
  const wait_graph::loop_state& loop_;
  writer& texts_;
  std::string& out_;
  std::vector<state> state_;
};

void member(std::string& out, const char* name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  detail::append_json(out, text);
}
void member(std::string& out, const char* name, std::int64_t value) {
  out += ",\"";
  out += name;
  out += "\":" + std::to_string(value);
}

constexpr const char* kind_names[] = {"future", "coroutine", "several", "wait",  "generator",
                                      "timer",  "watch",     "hold",    "queued"};

}  // namespace

std::string wait_graph::tree() const {
  std::string out;
  writer texts(*this);
  for (const loop_state& each : loops) tree_writer(*this, each, texts, out).write();
  return out;
}

std::string wait_graph::list() const {
  std::string out;
  writer texts(*this);
  for (const loop_state& each : loops) {
    out += headline(*this, each);
    // Equal lines are counted.
    std::unordered_map<std::string, std::size_t> known;
    std::vector<std::pair<std::string, std::size_t>> lines;
    for (std::size_t i = each.first; i < each.last; ++i) {
      const graph_node& node = nodes[i];
      std::string line = texts.what(node);
      if (const std::string how = texts.waits(node); !how.empty()) line += ", " + how;
      if (node.edge_count > 0) {
        const std::size_t to = edges[node.first_edge];
        if (node.edge_count > 1) {
          line += ", waits for " + grouped(node.edge_count) + ", first for ";
        } else {
          line += ", for ";
        }
        line += texts.what(nodes[to]);
      }
      const auto [at, fresh] = known.try_emplace(std::move(line), lines.size());
      if (fresh) lines.emplace_back(at->first, 0);
      ++lines[at->second].second;
    }
    for (const auto& [line, count] : lines) out += "  " + (count > 1 ? grouped(count) + " × " : "") + line + "\n";
  }
  return out;
}

std::string wait_graph::path_from(std::size_t node) const {
  std::string out;
  writer texts(*this);
  std::vector<bool> seen(nodes.size());
  constexpr std::size_t longest = 8;
  std::vector<std::size_t> way;
  while (node < nodes.size() && !seen[node]) {
    seen[node] = true;
    way.push_back(node);
    if (nodes[node].edge_count == 0) break;
    // Of several, the first one that is still pending.
    std::size_t to = edges[nodes[node].first_edge];
    for (std::size_t i = 0; i < nodes[node].edge_count; ++i) {
      to = edges[nodes[node].first_edge + i];
      if (!nodes[to].completed) break;
    }
    node = to;
  }
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (way.size() > longest && i == longest / 2) {
      out += " → … " + std::to_string(way.size() - longest) + " more …";
      i = way.size() - longest / 2;
    }
    if (i > 0) out += " → ";
    out += texts.what(nodes[way[i]]);
    if (const std::string how = texts.waits(nodes[way[i]]); !how.empty()) out += ", " + how;
  }
  if (!way.empty() && node < nodes.size() && nodes[way.back()].edge_count > 0) out += " → a ring: it waits for itself";
  return out;
}

std::string wait_graph::json() const {
  std::string out = "{\"version\":1,\"loops\":[";
  const auto place = [&](const char* name, std::size_t index) {
    if (index >= places.size()) return;
    out += ",\"" + std::string(name) + "\":{\"line\":" + std::to_string(places[index].line);
    member(out, "file", places[index].file);
    member(out, "function", detail::readable_function(places[index].function));
    out += '}';
  };
  for (const loop_state& each : loops) {
    if (&each != loops.data()) out += ',';
    out += "\n{\"name\":";
    detail::append_json(out, each.name);
    member(out, "address", hexadecimal(each.address));
    out += each.turning ? ",\"turning\":true" : ",\"turning\":false";
    out += each.consistent ? ",\"consistent\":true" : ",\"consistent\":false";
    member(out, "turns", static_cast<std::int64_t>(each.turns));
    out += ",\"nodes\":[";
    for (std::size_t i = each.first; i < each.last; ++i) {
      const graph_node& node = nodes[i];
      if (i > each.first) out += ',';
      out += "\n{\"id\":" + std::to_string(i);
      member(out, "kind", kind_names[static_cast<std::size_t>(node.what)]);
      if (node.name < names.size()) member(out, "name", names[node.name]);
      if (node.address != 0) member(out, "address", hexadecimal(node.address));
      place("created", node.created);
      place("awaits", node.awaits);
      if (node.completed) out += ",\"completed\":true";
      if (node.callbacks) out += ",\"callbacks\":true";
      if (node.code != 0) member(out, "code", hexadecimal(node.code));
      if (node.code_name < names.size()) member(out, "callable", names[node.code_name]);
      if (node.what == kind::timer) member(out, "due_ns", node.due);
      if (node.what == kind::watch) {
        member(out, "descriptor", std::int64_t{node.descriptor});
        member(out, "interest", std::int64_t{node.interest});
      }
      if (node.what == kind::hold) member(out, "count", static_cast<std::int64_t>(node.count));
      if (node.age) member(out, "older_than_ns", *node.age);
      if (node.edge_count > 0) {
        out += ",\"waits_for\":[";
        for (std::size_t edge = 0; edge < node.edge_count; ++edge) {
          if (edge > 0) out += ',';
          out += std::to_string(edges[node.first_edge + edge]);
        }
        out += ']';
      }
      out += '}';
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace interloop
