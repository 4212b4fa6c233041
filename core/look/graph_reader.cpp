// SPDX-License-Identifier: MIT
#include <interloop/detail/graph_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <unordered_set>

namespace interloop::detail {

namespace {

constexpr std::size_t most_text = 1000;
constexpr std::size_t most_edges = 1'000'000;  // of one way
constexpr std::size_t most_slabs = 1'000'000;
constexpr std::size_t most_descriptors = 4'000'000;
constexpr std::size_t most_looks = 100'000;
constexpr std::uint64_t most_bytes = 1'000'000;  // of a queue's block
constexpr std::uint32_t least_record = 16;

}  // namespace

std::string readable_memory::text(std::uint64_t address) {
  std::string found;
  if (address == 0) return found;
  // Never across a page at once: what follows the string may not be readable.
  while (found.size() < most_text) {
    char piece[64];
    const std::uint64_t at = address + found.size();
    const std::size_t room = static_cast<std::size_t>(sizeof piece - at % sizeof piece);
    if (!read(at, piece, room)) return found;
    const auto* const end = static_cast<const char*>(std::memchr(piece, 0, room));
    found.append(piece, end ? static_cast<std::size_t>(end - piece) : room);
    if (end) break;
  }
  // What is not text is shown as such, on a line of its own.
  for (char& each : found)
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = '?';
  return found;
}

bool own_memory::read(std::uint64_t address, void* into, std::size_t bytes) {
  std::memcpy(into, reinterpret_cast<const void*>(static_cast<std::uintptr_t>(address)), bytes);
  return true;
}

std::string own_memory::text(std::uint64_t address) {
  return address == 0 ? std::string()
                      : std::string(reinterpret_cast<const char*>(static_cast<std::uintptr_t>(address)));
}

std::uint64_t graph_reader::pointer(std::uint64_t address) {
  std::uint64_t value = 0;
  if (memory_.get(address, value)) return value;
  good_ = false;
  return 0;
}

std::int64_t graph_reader::now(std::uint64_t loop) {
  std::int64_t floor = 0;
  if (!memory_.get(loop + layout_.loop_timers + layout_.timers_floor, floor)) good_ = false;
  // testing::manual_loop has a clock of its own, and a port of a user's may have one with another beginning.
  if (graph_.loops.back().name == "manual" && !own_clock_) return floor;
  constexpr std::int64_t week = std::int64_t{7} * 24 * 3600 * 1'000'000'000;
  return now_ && *now_ >= floor && *now_ - floor < week ? *now_ : floor;
}

std::vector<std::uint64_t> graph_reader::loops() {
  std::vector<std::uint64_t> found;
  std::uint64_t inbox = pointer(reinterpret_cast<std::uintptr_t>(layout_.copy) + layout_.copy_inboxes);
  for (std::size_t i = 0; inbox != 0 && i < most_loops; ++i) {
    std::uint64_t port = 0;
    std::uint64_t loop = 0;
    if (memory_.get(inbox + layout_.inbox_port, port) && memory_.get(port + layout_.port_loop, loop) && loop != 0 &&
        pointer(loop + layout_.loop_inbox) == inbox)
      found.push_back(loop);
    std::uint64_t next = 0;
    if (!memory_.get(inbox + layout_.inbox_next, next)) break;
    inbox = next;
  }
  std::reverse(found.begin(), found.end());  // the first one made first
  return found;
}

std::uint64_t graph_reader::turns(std::uint64_t loop) {
  std::uint64_t count = 0;
  std::uint64_t parts = 0;
  if (memory_.get(loop + layout_.loop_parts, parts)) static_cast<void>(memory_.get(parts + parts_.turns, count));
  return count;
}

std::size_t graph_reader::name(std::string_view text) {
  const auto [at, fresh] = names_.try_emplace(std::string(text), graph_.names.size());
  if (fresh) graph_.names.emplace_back(text);
  return at->second;
}

const graph_reader::known_look& graph_reader::look_at(std::uint64_t address) {
  static const known_look nothing{};
  if (looks_.size() > most_looks) return nothing;
  const auto [at, fresh] = looks_.try_emplace(address);
  known_look& known = at->second;
  if (!fresh) return known;
  if (!memory_.get(address, known.data) || known.data.what > look::kind::mark || known.data.edges > 16) return known;
  const std::string text = memory_.text(reinterpret_cast<std::uintptr_t>(known.data.name));
  if (text.empty()) return known;
  known.edges.resize(known.data.edges);
  if (!known.edges.empty() && !memory_.read(reinterpret_cast<std::uintptr_t>(known.data.first), known.edges.data(),
                                            known.edges.size() * sizeof(look_edge)))
    return known;
  known.name = name(text);
  known.good = true;
  return known;
}

const graph_reader::known_look* graph_reader::look_of_pending(std::uint64_t address, std::uint64_t& seen_as) {
  std::uint64_t operations = 0;
  if (!memory_.get(address + layout_.pending_operations, operations)) return nullptr;
  if (const auto known = seen_as_.find(operations); known != seen_as_.end()) {
    seen_as = known->second;
  } else {
    if (seen_as_.size() > most_looks || !memory_.get(operations + layout_.operations_look, seen_as)) return nullptr;
    seen_as_.emplace(operations, seen_as);
  }
  const known_look& found = look_at(seen_as);
  return found.good ? &found : nullptr;
}

std::size_t graph_reader::place(std::uint64_t address) {
  std::uint64_t written = 0;
  if (!memory_.get(address, written) || written == 0) return graph_node::none;
  const auto known = places_.find(written);
  if (known != places_.end()) return known->second;
  graph_place found;
  std::uint64_t file = 0;
  std::uint64_t function = 0;
  std::uint32_t line = 0;
  std::size_t index = graph_node::none;
  if (memory_.get(written + place_file, file) && memory_.get(written + place_function, function) &&
      memory_.get(written + place_line, line) && line != 0) {
    found.file = memory_.text(file);
    found.function = memory_.text(function);
    found.line = line;
    if (!found.file.empty()) {
      index = graph_.places.size();
      graph_.places.push_back(std::move(found));
    }
  }
  places_.emplace(written, index);
  return index;
}

graph_node& graph_reader::add(graph_node::kind what, std::string_view called, std::uint64_t address) {
  graph_node made;
  made.what = what;
  made.name = name(called);
  made.address = address;
  graph_.nodes.push_back(made);
  return graph_.nodes.back();
}

std::size_t graph_reader::node(const target& what) {
  const auto found = nodes_.find(what.address);
  if (found != nodes_.end()) return found->second;
  std::uint64_t seen_as = what.seen_as;
  const known_look* known = nullptr;
  if (seen_as == 0) {
    known = look_of_pending(what.address, seen_as);
  } else if (const known_look& given = look_at(seen_as); given.good) {
    known = &given;
  }
  if (!known || graph_.nodes.size() >= most_nodes) {
    good_ = false;
    return graph_node::none;
  }
  if (known->data.what == look::kind::line || known->data.what == look::kind::mark) return graph_node::none;
  graph_node made;
  made.what = static_cast<graph_node::kind>(known->data.what);
  made.name = known->name;
  made.address = what.address;
  if (known->data.created != nowhere) made.created = place(what.address + known->data.created);
  std::uint8_t byte = 0;
  if (known->data.completed != nowhere && memory_.get(what.address + known->data.completed, byte))
    made.completed = byte != 0;
  if (known->data.callbacks != nowhere && memory_.get(what.address + known->data.callbacks, byte))
    made.callbacks = byte != 0;
  const std::size_t index = graph_.nodes.size();
  graph_.nodes.push_back(made);
  seen_.push_back(seen_as);
  nodes_.emplace(what.address, index);
  return index;
}

void graph_reader::targets(std::uint64_t from, const look_edge& way, std::vector<target>& found, std::size_t node) {
  std::uint64_t at = from;
  if (way.steps > 2) return;
  for (std::uint32_t i = 0; i < way.steps; ++i)
    if (!memory_.get(at + way.path[i], at) || at == 0) return;
  if (way.place != nowhere) {
    const std::size_t where = place(at + way.place);
    if (where != graph_node::none) graph_.nodes[node].awaits = where;
  }
  std::uint64_t begin = at + way.at;
  std::uint64_t count = 1;
  std::uint32_t stride = 8;
  std::uint32_t element = 0;
  if (way.form != look_edge::one) {
    stride = way.stride;
    element = way.element;
    if (stride == 0) return;
    count = way.count;
  }
  if (way.form == look_edge::vector) {
    const std::uint64_t vector = begin;
    std::uint64_t end = 0;
    if (!memory_.get(vector + vector_first, begin) || !memory_.get(vector + vector_last, end) || end < begin) return;
    count = (end - begin) / stride;
  }
  if (count > most_edges) {
    good_ = false;
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t to = 0;
    if (!memory_.get(begin + i * stride + element, to)) {
      good_ = false;
      return;
    }
    if (to != 0) found.push_back({to, reinterpret_cast<std::uintptr_t>(way.as)});
  }
}

void graph_reader::follow(std::size_t from, std::uint64_t seen_as) {
  // The number of edges is bounded too: by what the nodes that are read can name.
  if (graph_.edges.size() > most_nodes) return;
  const known_look& known = look_at(seen_as);
  if (known.edges.empty()) return;
  if (graph_.nodes[from].completed) return;  // a coroutine's frame is gone then
  // Its frame does not exist yet, while the arguments are copied there.
  if (known.data.what == look::kind::coroutine && graph_.nodes[from].created == graph_node::none) return;
  std::vector<target> found;
  for (const look_edge& way : known.edges) targets(graph_.nodes[from].address + known.data.from, way, found, from);
  const std::size_t first = graph_.edges.size();
  for (const target& each : found)
    if (const std::size_t to = node(each); to != graph_node::none) graph_.edges.push_back(to);
  graph_.nodes[from].first_edge = first;
  graph_.nodes[from].edge_count = graph_.edges.size() - first;
}

void graph_reader::read_pending(std::uint64_t loop) {
  std::uint64_t link = loop + layout_.loop_pending;
  std::uint64_t at = pointer(link);
  std::optional<std::int64_t> marked;
  const std::int64_t present = now(loop);
  for (std::size_t i = 0; at != 0; ++i) {
    std::uint64_t next = 0;
    std::uint64_t back = 0;
    if (i >= most_nodes || !memory_.get(at + layout_.pending_next, next) ||
        !memory_.get(at + layout_.pending_link, back) || back != link) {
      good_ = false;  // the list has changed under way, or this is no list
      break;
    }
    std::uint64_t seen_as = 0;
    const known_look* const known = look_of_pending(at, seen_as);
    if (!known) {
      good_ = false;
    } else if (known->data.what == look::kind::mark) {
      std::int64_t when = 0;
      if (memory_.get(at + layout_.mark_time, when)) marked = when;
    } else if (const std::size_t made = node({at, seen_as}); made != graph_node::none && marked) {
      graph_.nodes[made].age = std::max<std::int64_t>(present - *marked, 0);
    }
    link = at + layout_.pending_next;
    at = next;
  }
}

void graph_reader::read_timers(std::uint64_t loop) {
  const std::uint64_t timers = loop + layout_.loop_timers;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const std::int64_t present = now(loop);
  if (!memory_.get(timers + layout_.timers_slabs + vector_first, begin) ||
      !memory_.get(timers + layout_.timers_slabs + vector_last, end) || end < begin || (end - begin) / 8 > most_slabs ||
      layout_.timers_per_slab > 65536 || layout_.timer_bytes == 0 || layout_.timer_bytes > 65536) {
    good_ = false;
    return;
  }
  const std::size_t first = graph_.nodes.size();
  for (std::uint64_t at = begin; at < end; at += 8) {
    const std::uint64_t slab = pointer(at);
    for (std::uint64_t i = 0; slab != 0 && i < layout_.timers_per_slab; ++i) {
      const std::uint64_t timer = slab + i * layout_.timer_bytes;
      std::uint64_t sequence = 0;
      std::int64_t deadline = 0;
      std::uint64_t code = 0;
      if (!memory_.get(timer + layout_.timer_sequence, sequence)) {
        good_ = false;
        break;
      }
      if (sequence == 0) continue;
      if (!memory_.get(timer + layout_.timer_deadline, deadline) || !memory_.get(timer + layout_.timer_code, code) ||
          graph_.nodes.size() >= most_nodes) {
        good_ = false;
        break;
      }
      graph_node& made = add(graph_node::kind::timer, "timer", timer);
      std::int64_t due = 0;
      made.due = __builtin_sub_overflow(deadline, present, &due) ? INT64_MAX : due;
      made.code = code;
      const std::uint64_t number = sequence & layout_.timer_number;
      std::uint64_t where = timer + layout_.timer_place;
      if (number != 0) {
        where = 0;
        std::uint64_t places = 0;
        std::uint64_t places_end = 0;
        if (memory_.get(timers + layout_.timers_places + vector_first, places) &&
            memory_.get(timers + layout_.timers_places + vector_last, places_end) && places_end >= places &&
            number <= (places_end - places) / 8)
          where = places + (number - 1) * 8;
      }
      made.created = place(where);
    }
  }
  std::sort(
      graph_.nodes.begin() + static_cast<std::ptrdiff_t>(first), graph_.nodes.end(),
      [](const graph_node& a, const graph_node& b) { return a.due != b.due ? a.due < b.due : a.address < b.address; });
}

void graph_reader::read_watches(std::uint64_t loop) {
  const std::uint64_t parts = pointer(loop + layout_.loop_parts);
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  if (!memory_.get(parts + parts_.watches + vector_first, begin) ||
      !memory_.get(parts + parts_.watches + vector_last, end) || end < begin || (end - begin) / 8 > most_descriptors) {
    good_ = false;
    return;
  }
  for (std::uint64_t at = begin; at < end; at += 8) {
    std::uint64_t watch = 0;
    if (!memory_.get(at, watch)) {
      good_ = false;
      return;
    }
    if (watch == 0) continue;
    std::int32_t descriptor = -1;
    std::uint8_t interest = 0;
    if (!memory_.get(watch + layout_.watch_fd, descriptor) || !memory_.get(watch + layout_.watch_interest, interest)) {
      good_ = false;
      continue;
    }
    std::uint64_t table = 0;
    std::uint64_t code = 0;
    if (memory_.get(watch + layout_.watch_code, table)) static_cast<void>(memory_.get(table, code));
    graph_node& made = add(graph_node::kind::watch, "watch", watch);
    made.descriptor = descriptor;
    made.interest = interest & 3U;
    made.code = code;
    made.created = place(watch + layout_.watch_place);
  }
}

void graph_reader::read_holds(std::uint64_t loop) {
  std::uint64_t link = loop + layout_.loop_first_hold;
  std::unordered_map<std::size_t, std::size_t> known;  // the node of each place
  std::uint64_t at = pointer(link);
  for (std::size_t i = 0; at != 0; ++i) {
    std::uint64_t next = 0;
    std::uint64_t back = 0;
    if (i >= most_nodes || !memory_.get(at + layout_.hold_next, next) || !memory_.get(at + layout_.hold_link, back) ||
        back != link) {
      good_ = false;  // the list has changed under way, or this is no list
      break;
    }
    const std::size_t where = place(at + layout_.hold_place);
    const auto [found, fresh] = known.try_emplace(where, graph_.nodes.size());
    if (fresh) {
      add(graph_node::kind::hold, "hold", 0).created = where;
    } else {
      ++graph_.nodes[found->second].count;
    }
    link = at + layout_.hold_next;
    at = next;
  }
}

void graph_reader::read_queue(std::uint64_t queue) {
  std::uint64_t at = 0;
  std::uint64_t tail = 0;
  std::uint64_t block = 0;
  std::uint64_t last_block = 0;
  if (!memory_.get(queue + layout_.queue_head, at) || !memory_.get(queue + layout_.queue_tail, tail) ||
      !memory_.get(queue + layout_.queue_head_block, block) ||
      !memory_.get(queue + layout_.queue_tail_block, last_block)) {
    good_ = false;
    return;
  }
  // Blocks are used again, so those of a queue that changes meanwhile may seem to follow each other in a circle.
  std::unordered_set<std::uint64_t> blocks{block};
  while (at != tail) {
    std::uint64_t end = tail;
    if (block != last_block && !memory_.get(block + layout_.block_end, end)) break;
    if (at == end) {
      if (!memory_.get(block + layout_.block_next, block) || !blocks.insert(block).second) break;
      at = block + layout_.block_data;
      continue;
    }
    if (at > end || end - at > most_bytes) break;
    const std::uint32_t bytes = read_record(at);
    if (bytes < least_record || bytes > end - at) break;
    at += bytes;
  }
  if (at != tail) good_ = false;  // it has changed under way, or this is no queue
}

std::uint32_t graph_reader::read_record(std::uint64_t record) {
  std::uint64_t kind = 0;
  std::uint64_t code = 0;
  std::uint32_t bytes = 0;
  std::uint32_t where = nowhere;
  if (!memory_.get(record, kind) || !memory_.get(kind + layout_.queued_code, code) ||
      !memory_.get(kind + layout_.queued_bytes, bytes) || !memory_.get(kind + layout_.queued_place, where) ||
      graph_.nodes.size() >= most_nodes)
    return 0;
  if (where != nowhere) {
    graph_node& callable = add(graph_node::kind::queued, "callable", 0);
    callable.code = code;
    callable.created = place(record + where);
    return bytes;
  }
  std::uint64_t object = 0;
  std::uint64_t operations = 0;
  std::uint64_t queued = 0;
  std::uint64_t seen_as = 0;
  if (!memory_.get(record + layout_.queued_object, object)) return 0;
  const known_look* known = nullptr;
  if (memory_.get(object + layout_.pending_operations, operations) &&
      memory_.get(operations + layout_.operations_queued, queued) && queued == kind)
    known = look_of_pending(object, seen_as);
  if (!known) {
    add(graph_node::kind::queued, "a coroutine", object);
    return bytes;
  }
  const bool future = known->data.what <= look::kind::several;
  graph_node& completed =
      add(graph_node::kind::queued, future ? "callbacks of a future" : graph_.names[known->name], object);
  if (known->data.created != nowhere) completed.created = place(object + known->data.created);
  return bytes;
}

bool graph_reader::read_queues(std::uint64_t loop) {
  good_ = true;
  std::uint64_t inbox = 0;
  read_queue(loop + layout_.loop_ready);
  read_queue(loop + layout_.loop_incoming);
  if (memory_.get(loop + layout_.loop_inbox, inbox)) read_queue(inbox + layout_.inbox_queue);
  if (!graph_.loops.empty()) graph_.loops.back().last = graph_.nodes.size();
  return good_;
}

void graph_reader::begin(std::uint64_t loop) {
  good_ = true;
  nodes_.clear();
  seen_.clear();
  first_ = graph_.nodes.size();
  wait_graph::loop_state state;
  state.address = loop;
  state.first = first_;
  std::uint64_t length = 0;
  if (memory_.get(loop + layout_.loop_name_length, length))
    state.name = memory_.text(pointer(loop + layout_.loop_name)).substr(0, static_cast<std::size_t>(length));
  state.turns = turns(loop);
  const std::uint64_t inbox = pointer(loop + layout_.loop_inbox);
  std::uint64_t thread = 0;
  state.turning = memory_.get(inbox + layout_.inbox_turning, thread) && thread != 0;
  graph_.loops.push_back(std::move(state));
}

void graph_reader::follow_all() {
  for (std::size_t i = first_; i < graph_.nodes.size(); ++i) follow(i, seen_[i - first_]);
}

bool graph_reader::read_from(std::uint64_t loop, std::uint64_t pending) {
  begin(loop);
  static_cast<void>(node({pending, 0}));
  follow_all();
  graph_.loops.back().last = graph_.nodes.size();
  return good_;
}

bool graph_reader::read_loop(std::uint64_t loop) {
  begin(loop);
  read_pending(loop);
  follow_all();
  read_timers(loop);
  read_watches(loop);
  read_holds(loop);
  graph_.loops.back().last = graph_.nodes.size();
  return good_;
}

}  // namespace interloop::detail
