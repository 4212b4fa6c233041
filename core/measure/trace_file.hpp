// SPDX-License-Identifier: MIT
// The file of a trace: takes blocks of events from loops, and has a thread that writes them.
//
// Memory is bounded by the number of blocks. A loop that gets none leaves events out, and says how many.
#pragma once

#include "trace_event.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace interloop::measure {

/// Thread safety: any thread.
class trace_file {
 public:
  /// The file at this path, which is shared if it is being written already. Errors: `std::system_error`,
  /// `std::bad_alloc`.
  [[nodiscard]] static std::shared_ptr<trace_file> open(const std::string& path, std::size_t memory);

  trace_file(std::string path, std::size_t memory);
  trace_file(const trace_file&) = delete;
  trace_file& operator=(const trace_file&) = delete;
  /// Writes what it was given, and finishes the file.
  ~trace_file();

  /// An empty block; null if too many are waiting to be written.
  [[nodiscard]] trace_block* take() noexcept;
  /// Gives it back. Its events will be written.
  void give(trace_block* filled) noexcept;
  /// How many events were left out.
  void add_lost(std::uint64_t count) noexcept;
  /// How a thread is named in the file. Errors: `std::bad_alloc`.
  void name_thread(int thread, std::string_view name);
  /// Waits until everything given so far is written. Returns why it could not be; empty if it could.
  [[nodiscard]] std::string flush();
  /// A number that nobody else gets.
  [[nodiscard]] std::uint64_t next_id() noexcept { return ids_.fetch_add(1, std::memory_order_relaxed) + 1; }

 private:
  struct key {
    const void* code;
    const char* file;
    std::uint64_t rest;
    bool operator==(const key&) const = default;
  };
  struct key_hash {
    std::size_t operator()(const key& of) const noexcept;
  };

  static constexpr std::uint64_t length_of_post = 4;  // nanoseconds

  void run();
  void write_block(const trace_block& block);
  void write_event(const trace_event& event);
  void begin_event(const char* phase, int thread, std::uint64_t at);
  [[nodiscard]] std::uint64_t time_of(ticks at) const noexcept;
  std::uint64_t begin_of_post(int thread, std::uint64_t at);
  void append_time(std::uint64_t nanoseconds);
  void append_number(std::uint64_t number);
  const std::string& name_of(const activity& what);
  void write_out(std::uint64_t lost) noexcept;

  const std::string path_;
  const unsigned forks_;
  const tick_rate& rate_;
  const ticks begin_;
  const int process_;

  std::atomic<std::uint64_t> ids_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  trace_block* free_ = nullptr;
  trace_block* first_ = nullptr;  // to be written
  trace_block** last_ = &first_;
  std::size_t unmade_;  // blocks that may still be allocated
  bool stop_ = false;
  std::uint64_t given_ = 0;    // blocks so far
  std::uint64_t in_file_ = 0;  // those of them that are in the file
  std::uint64_t lost_ = 0;
  std::vector<std::pair<int, std::string>> new_names_;
  std::string error_;

  // The writing thread's.
  int file_ = -1;
  std::uint64_t position_ = 0;  // where the document's end begins
  bool any_ = false;            // an event was written
  bool any_in_file_ = false;
  bool failed_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t flows_ = 0;
  std::string out_;
  std::unordered_map<int, std::uint64_t> posts_;  // by thread: when its last post's slice ends
  std::unordered_map<key, std::string, key_hash> names_;

  std::thread thread_;
};

}  // namespace interloop::measure
