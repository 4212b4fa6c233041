// SPDX-License-Identifier: MIT
// Reads what is pending from memory: this process's, another one's, or a core file's.
//
// The memory may be changing meanwhile, or be corrupt: every pointer is checked by reading through it, every list is
// bounded, and what is nonsense is left out.
#pragma once

#include <interloop/call_graph.hpp>
#include <interloop/detail/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace interloop::detail {

/// Memory that can be read.
class readable_memory {
 public:
  readable_memory() = default;
  readable_memory(const readable_memory&) = delete;
  readable_memory& operator=(const readable_memory&) = delete;
  virtual ~readable_memory() = default;

  /// Copies that many bytes. Returns false if they are not all there.
  [[nodiscard]] virtual bool read(std::uint64_t address, void* into, std::size_t bytes) = 0;

  template <class T>
  [[nodiscard]] bool get(std::uint64_t address, T& value) {
    return address != 0 && read(address, &value, sizeof(T));
  }
  /// A string that ends with a zero; empty if there is none. Cut after 1,000 characters.
  [[nodiscard]] virtual std::string text(std::uint64_t address);
};

/// The calling process's own memory, which must not change meanwhile.
class own_memory final : public readable_memory {
 public:
  [[nodiscard]] bool read(std::uint64_t address, void* into, std::size_t bytes) override;
  [[nodiscard]] std::string text(std::uint64_t address) override;
};

class graph_reader {
 public:
  graph_reader(readable_memory& memory, const debug_layout& layout, wait_graph& into)
      : memory_(memory), layout_(layout), graph_(into) {
    if (!memory.get(reinterpret_cast<std::uintptr_t>(layout.parts), parts_)) parts_ = {nowhere, nowhere};
  }
  graph_reader(const graph_reader&) = delete;
  graph_reader& operator=(const graph_reader&) = delete;
  ~graph_reader() = default;

  /// From when deadlines and ages are counted: a time on the loop's own clock, or on the system's monotonic one, which
  /// loops use. Without it: when each loop last looked.
  void set_now(std::int64_t nanoseconds, bool own_clock) {
    now_ = nanoseconds;
    own_clock_ = own_clock;
  }

  /// How much is read at most, so that a corrupt list ends.
  static constexpr std::size_t most_loops = 10'000;
  static constexpr std::size_t most_nodes = 10'000'000;

  /// The loops of the layout's copy of the library: their addresses.
  [[nodiscard]] std::vector<std::uint64_t> loops();

  /// Appends what is pending on a loop, except what is queued. Returns whether all was found as it should be.
  bool read_loop(std::uint64_t loop);
  /// Appends one thing that is pending on a loop, and what it waits for.
  bool read_from(std::uint64_t loop, std::uint64_t pending);
  /// The same for what is queued.
  bool read_queues(std::uint64_t loop);
  /// Appends a thing that waits for nothing.
  graph_node& add(graph_node::kind what, std::string_view name, std::uint64_t address);
  /// The number of turns so far.
  [[nodiscard]] std::uint64_t turns(std::uint64_t loop);

 private:
  struct known_look {
    look data{};
    std::size_t name = graph_node::none;
    std::vector<look_edge> edges;
    bool good = false;
  };
  struct target {
    std::uint64_t address;
    std::uint64_t seen_as;
  };

  [[nodiscard]] std::uint64_t pointer(std::uint64_t address);
  [[nodiscard]] std::int64_t now(std::uint64_t loop);
  [[nodiscard]] const known_look& look_at(std::uint64_t address);
  [[nodiscard]] const known_look* look_of_pending(std::uint64_t address, std::uint64_t& seen_as);
  [[nodiscard]] std::size_t place(std::uint64_t address);
  [[nodiscard]] std::size_t name(std::string_view text);
  [[nodiscard]] std::size_t node(const target& what);
  void follow(std::size_t from, std::uint64_t seen_as);
  void targets(std::uint64_t from, const look_edge& way, std::vector<target>& found, std::size_t node);
  void begin(std::uint64_t loop);
  void follow_all();
  void read_pending(std::uint64_t loop);
  void read_timers(std::uint64_t loop);
  void read_watches(std::uint64_t loop);
  void read_holds(std::uint64_t loop);
  void read_queue(std::uint64_t queue);
  /// Returns how many bytes it has, 0 if it is none.
  std::uint32_t read_record(std::uint64_t record);

  readable_memory& memory_;
  const debug_layout& layout_;
  parts_layout parts_{};
  wait_graph& graph_;
  std::unordered_map<std::uint64_t, known_look> looks_;       // by address
  std::unordered_map<std::uint64_t, std::uint64_t> seen_as_;  // the look of operations, by address
  std::unordered_map<std::uint64_t, std::size_t> places_;     // by address
  std::unordered_map<std::string, std::size_t> names_;
  std::unordered_map<std::uint64_t, std::size_t> nodes_;  // by address
  std::vector<std::uint64_t> seen_;                       // the look of each of the loop's first nodes
  std::optional<std::int64_t> now_;
  bool own_clock_ = false;
  std::size_t first_ = 0;  // the loop's first node
  bool good_ = true;
};

}  // namespace interloop::detail
