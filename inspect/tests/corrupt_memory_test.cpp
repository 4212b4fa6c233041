// SPDX-License-Identifier: MIT
// A process whose memory is damaged, or changes all the time, makes the reader neither crash nor run on and on.
#include <interloop/channel.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include "inspect/core_file.hpp"
#include "inspect/inspect.hpp"
#include "inspect/process.hpp"
#include "support/sanitizers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

future<int> wait_for_it(loop&, future<int> what) { co_return co_await std::move(what); }
future<void> receive(loop&, channel<int>& from) { co_await from.next(); }

/// This process, as another one sees it, with damage in some of what is read.
class damaged final : public inspect::target {
 public:
  damaged(unsigned seed, unsigned one_in) : random_(seed), one_in_(one_in) { mappings_ = process_.mappings(); }

  [[nodiscard]] bool read(std::uint64_t address, void* into, std::size_t bytes) override {
    if (!process_.read(address, into, bytes)) return false;
    if (one_in_ == 0 || random_() % one_in_ != 0) return true;
    ++damage;
    auto* const all = static_cast<unsigned char*>(into);
    switch (random_() % 4) {
      case 0:
        return false;
      case 1:
        for (std::size_t i = 0; i < bytes; ++i) all[i] = static_cast<unsigned char>(random_());
        break;
      case 2:
        std::memset(into, static_cast<int>(random_() % 256), bytes);
        break;
      default:
        all[random_() % bytes] ^= static_cast<unsigned char>(1U << random_() % 8);
    }
    return true;
  }
  [[nodiscard]] std::string to_open(const std::string& path) const override { return path; }

  unsigned damage = 0;

 private:
  inspect::process process_{::getpid()};
  std::mt19937 random_;
  unsigned one_in_;
};

class corrupt_memory_test : public ::testing::Test {
 protected:
  corrupt_memory_test() {
    native->set_exception_handler([](std::string_view, const failure&) {});
    for (int i = 0; i < 50; ++i) io.call_soon([] {});
  }

  testing::manual_loop native;
  api io{native};
  future<int> answer = io.create_future<int>();
  future<int> first = wait_for_it(native, answer);
  future<int> second = wait_for_it(native, first);
  channel<int> numbers{native, 1};
  future<void> receiving = receive(native, numbers);
  timer later = io.call_later(1h, [] {});
  decltype(io.gather(answer, second)) both = io.gather(answer, second);
  std::vector<future<int>> many{std::vector<future<int>>(100, answer)};
};

TEST_F(corrupt_memory_test, without_damage_everything_is_found) {
  damaged whole(0, 0);
  const wait_graph found = inspect::look_into(whole);
  ASSERT_EQ(found.loops.size(), 1U);
  EXPECT_TRUE(found.loops[0].consistent);
  EXPECT_THAT(found.tree(), HasSubstr("wait_for_it"));
  EXPECT_THAT(found.tree(), HasSubstr("channel::next"));
  EXPECT_THAT(found.tree(), HasSubstr("─ 50 × queued: "));
}

TEST_F(corrupt_memory_test, damage_is_survived) {
  // Each seed sorts the symbols of the test program anew, which a sanitizer makes fifty times slower.
  constexpr unsigned every = test::with_asan || test::with_tsan ? 8 : 1;
  unsigned damage = 0;
  unsigned survived = 0;
  for (unsigned seed = 0; seed < 400; seed += every) {
    damaged memory(seed, 3 + seed % 200);
    try {
      const wait_graph found = inspect::look_into(memory);
      EXPECT_LT(found.nodes.size(), 1'000'000U);
      EXPECT_LT(found.tree().size() + found.list().size() + found.json().size(), 100'000'000U);
      EXPECT_LE(found.path_from(0).size(), 1'000'000U);
      ++survived;
    } catch (const inspect::problem&) {  // it says that there is no interloop
    }
    damage += memory.damage;
  }
  EXPECT_GT(damage, 1000U / every);
  EXPECT_GT(survived, 100U / every);
}

TEST_F(corrupt_memory_test, a_queue_whose_blocks_follow_each_other_in_a_circle_is_read_once) {
  struct circle final : inspect::target {
    explicit circle(std::uint64_t of) : queue(of) {
      mappings_ = process.mappings();
      if (!process.get(queue + layout.queue_head_block, block) || !process.get(queue + layout.queue_tail, tail))
        throw std::runtime_error("the queue cannot be read");
    }
    bool read(std::uint64_t address, void* into, std::size_t bytes) override {
      if (!process.read(address, into, bytes)) return false;
      if (address == queue + layout.queue_tail || address == queue + layout.queue_tail_block) say(into, 4096);
      if (address == block + layout.block_end) say(into, tail);
      if (address == block + layout.block_next) say(into, block);
      return true;
    }
    std::string to_open(const std::string& path) const override { return path; }
    static void say(void* into, std::uint64_t what) { std::memcpy(into, &what, sizeof what); }
    const detail::debug_layout& layout = interloop_debug_layout_v1;
    inspect::process process{::getpid()};
    std::uint64_t queue;
    std::uint64_t block = 0;
    std::uint64_t tail = 0;
  } memory(reinterpret_cast<std::uintptr_t>(&static_cast<loop&>(native)) + interloop_debug_layout_v1.loop_ready);
  const wait_graph found = inspect::look_into(memory);
  ASSERT_EQ(found.loops.size(), 1U);
  EXPECT_FALSE(found.loops[0].consistent);
  EXPECT_THAT(found.tree(), HasSubstr("─ 50 × queued: "));
}

TEST_F(corrupt_memory_test, a_version_that_is_not_known_is_refused) {
  struct newer final : inspect::target {
    newer() { mappings_ = process.mappings(); }
    bool read(std::uint64_t address, void* into, std::size_t bytes) override {
      if (!process.read(address, into, bytes)) return false;
      const auto table = reinterpret_cast<std::uintptr_t>(&interloop_debug_layout_v1);
      if (address == table + 16) *static_cast<std::uint32_t*>(into) = 9;
      return true;
    }
    std::string to_open(const std::string& path) const override { return path; }
    inspect::process process{::getpid()};
  } memory;
  try {
    static_cast<void>(inspect::look_into(memory));
    FAIL();
  } catch (const inspect::problem& why) {
    EXPECT_THAT(why.what(), HasSubstr("version 9"));
  }
}

TEST_F(corrupt_memory_test, cores_that_are_nonsense_or_cut_off_are_refused) {
  const std::string path = ::testing::TempDir() + "interloop_core_" + std::to_string(::getpid());
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    // The head of a core, and then anything.
    std::vector<unsigned char> bytes(static_cast<std::size_t>(64 + random() % 2000));
    for (unsigned char& each : bytes) each = static_cast<unsigned char>(random() % 8 == 0 ? random() : 0);
    const unsigned char head[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(bytes.data(), head, sizeof head);
    bytes[16] = 4;  // a core
    bytes[17] = 0;
    bytes[32] = 64;  // where the program headers are
    std::memset(bytes.data() + 33, 0, 7);
    bytes[54] = 56;
    bytes[56] = static_cast<unsigned char>(random() % 20);
    bytes[57] = 0;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      inspect::core_file core(path, "");
      EXPECT_LE(inspect::look_into(core).nodes.size(), 1'000'000U);
    } catch (const inspect::problem&) {
    }
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace interloop
