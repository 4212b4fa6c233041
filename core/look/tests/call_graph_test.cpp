// SPDX-License-Identifier: MIT
// What the graph says of each kind of thing that is pending, and of each way to wait.
#include <interloop/async_generator.hpp>
#include <interloop/awaitables.hpp>
#include <interloop/call_graph.hpp>
#include <interloop/channel.hpp>
#include <interloop/condition.hpp>
#include <interloop/event.hpp>
#include <interloop/first_of.hpp>
#include <interloop/gather.hpp>
#include <interloop/interloop.hpp>
#include <interloop/mutex.hpp>
#include <interloop/run_in_reactor.hpp>
#include <interloop/task_group.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/testing/replace_loop.hpp>
#include <interloop/timeout.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace interloop {
namespace {

using namespace std::chrono_literals;
using kind = graph_node::kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

unsigned line_here(std::source_location where = std::source_location::current()) { return where.line(); }

class call_graph_test : public ::testing::Test {
 protected:
  // What the tests leave pending fails when its handles are dropped.
  call_graph_test() {
    native->set_exception_handler([](std::string_view, const failure&) {});
  }

  [[nodiscard]] wait_graph graph() const { return call_graph(*native); }
  [[nodiscard]] std::string tree() const { return format_call_graph(*native); }

  /// The nodes that are of this kind.
  static std::vector<const graph_node*> all(const wait_graph& in, kind what) {
    std::vector<const graph_node*> found;
    for (const graph_node& each : in.nodes)
      if (each.what == what) found.push_back(&each);
    return found;
  }
  /// The coroutine whose function has this name.
  static const graph_node& coroutine(const wait_graph& in, const std::string& name) {
    for (const graph_node& each : in.nodes)
      if (each.what == kind::coroutine && each.created != graph_node::none &&
          in.places[each.created].function.find(name) != std::string::npos)
        return each;
    throw std::out_of_range("no coroutine " + name);
  }
  static std::vector<const graph_node*> waited_for(const wait_graph& in, const graph_node& by) {
    std::vector<const graph_node*> found;
    for (std::size_t i = 0; i < by.edge_count; ++i) found.push_back(&in.nodes[in.edges[by.first_edge + i]]);
    return found;
  }
  /// The names of what it waits for, and of what that waits for, as long as it is one.
  static std::vector<std::string> way(const wait_graph& in, const graph_node& from) {
    std::vector<std::string> names;
    for (const graph_node* at = &from; at->edge_count == 1;) {
      at = waited_for(in, *at).front();
      names.push_back(in.names[at->name]);
    }
    return names;
  }

  testing::manual_loop native;
  api io{native};
};

future<int> wait_for_it(loop&, future<int> what) { co_return co_await std::move(what); }

TEST_F(call_graph_test, an_idle_loop_has_nothing) {
  const wait_graph found = graph();
  ASSERT_EQ(found.loops.size(), 1U);
  EXPECT_EQ(found.loops[0].name, "manual");
  EXPECT_FALSE(found.loops[0].turning);
  EXPECT_TRUE(found.nodes.empty());
}

TEST_F(call_graph_test, a_future_says_where_it_was_made) {
  const auto pending = io.create_future<int>();
  const unsigned line = line_here() - 1;
  const wait_graph found = graph();
  ASSERT_EQ(found.nodes.size(), 1U);
  EXPECT_EQ(found.nodes[0].what, kind::future);
  EXPECT_EQ(found.places[found.nodes[0].created].line, line);
  EXPECT_THAT(found.places[found.nodes[0].created].file, HasSubstr("call_graph_test.cpp"));
  EXPECT_FALSE(found.nodes[0].callbacks);
}

TEST_F(call_graph_test, a_future_with_callbacks_says_so) {
  const auto pending = io.create_future<int>();
  add_callbacks(pending, [](int) {});
  EXPECT_TRUE(graph().nodes.at(0).callbacks);
}

TEST_F(call_graph_test, a_coroutine_says_what_it_awaits_and_where) {
  const auto answer = io.create_future<int>();
  const auto waiting = wait_for_it(native, answer);
  const wait_graph found = graph();
  const graph_node& node = coroutine(found, "wait_for_it");
  EXPECT_THAT(way(found, node), ElementsAre("future"));
  EXPECT_EQ(waited_for(found, node)[0]->what, kind::future);
  ASSERT_NE(node.awaits, graph_node::none);
  EXPECT_EQ(found.places[node.awaits].line, found.places[node.created].line);  // all of it is in one line
}

TEST_F(call_graph_test, completed_things_are_gone) {
  const auto answer = io.create_future<int>();
  const auto waiting = wait_for_it(native, answer);
  resolve(answer, 1);
  const wait_graph queued = graph();  // the coroutine resumes in a later turn
  EXPECT_TRUE(waited_for(queued, coroutine(queued, "wait_for_it"))[0]->completed);
  EXPECT_EQ(all(queued, kind::queued).size(), 1U);
  native.run_ready();
  EXPECT_TRUE(graph().nodes.empty());
}

TEST_F(call_graph_test, coroutines_that_await_each_other_are_a_chain) {
  const auto answer = io.create_future<int>();
  const auto inner = wait_for_it(native, answer);
  const auto middle = wait_for_it(native, inner);
  const auto outer = wait_for_it(native, middle);
  const wait_graph found = graph();
  EXPECT_THAT(tree(), HasSubstr("└─ coroutine"));
  std::size_t longest = 0;
  for (const graph_node& each : found.nodes) longest = std::max(longest, way(found, each).size());
  EXPECT_EQ(longest, 3U);
}

TEST_F(call_graph_test, gather_of_a_tuple_and_of_a_range) {
  const auto one = io.create_future<int>();
  const auto two = io.create_future<std::string>();
  const auto both = io.gather(consume_exceptions::no, one, two);
  const std::vector<future<int>> many{one, one, one};
  const auto range = io.gather(consume_exceptions::no, many);
  const wait_graph found = graph();
  const auto gathers = all(found, kind::several);
  ASSERT_EQ(gathers.size(), 2U);
  EXPECT_EQ(gathers[0]->edge_count, 3U);  // newest first
  EXPECT_EQ(gathers[1]->edge_count, 2U);
  EXPECT_EQ(found.names[gathers[0]->name], "gather");
}

TEST_F(call_graph_test, first_of_a_tuple_and_of_a_range) {
  const auto one = io.create_future<int>();
  const auto two = io.create_future<std::string>();
  const auto either = first_of(one, two);
  const auto any = first_of(std::vector<future<int>>{one, one, one});
  const wait_graph found = graph();
  const auto races = all(found, kind::several);
  ASSERT_EQ(races.size(), 2U);
  EXPECT_EQ(races[0]->edge_count, 3U);
  EXPECT_EQ(races[1]->edge_count, 2U);
  EXPECT_EQ(found.names[races[1]->name], "first_of");
}

TEST_F(call_graph_test, a_task_group_waits_for_its_tasks) {
  task_group tasks(native);
  const auto one = io.create_future<int>();
  tasks.spawn([&] { return wait_for_it(native, one); });
  tasks.spawn([&] { return wait_for_it(native, one); });
  const auto joined = tasks.join();
  {
    const wait_graph found = graph();
    const auto joins = all(found, kind::several);
    ASSERT_EQ(joins.size(), 1U);
    EXPECT_EQ(found.names[joins[0]->name], "task_group::join");
    EXPECT_EQ(joins[0]->edge_count, 2U);
  }
  resolve(one, 1);
  native.run_ready();
  EXPECT_TRUE(is_called(joined));
}

TEST_F(call_graph_test, a_limit_is_a_coroutine_with_a_timer) {
  const auto answer = io.create_future<int>();
  const auto limited = with_timeout(3s, answer);
  const unsigned line = line_here() - 1;
  const wait_graph found = graph();
  const auto timers = all(found, kind::timer);
  ASSERT_EQ(timers.size(), 1U);
  EXPECT_EQ(timers[0]->due, 3'000'000'000);
  const auto waiting = all(found, kind::coroutine);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(found.places[waiting[0]->created].line, line);
  EXPECT_EQ(found.places[waiting[0]->awaits].line, line);
  EXPECT_THAT(way(found, *waiting[0]), ElementsAre("future"));
}

future<void> receive(loop&, channel<int>& from) { co_await from.next(); }
future<void> send(loop&, channel<int>& to) { co_await to.send(1); }
future<void> lock(loop&, mutex& what) { const auto held = co_await what.lock(); }
future<void> until_set(loop&, event& what) { co_await what.wait(); }
future<void> until_changed(loop&, mutex& with, condition& what) {
  auto held = co_await with.lock();
  co_await what.wait(held);
}
async_generator<int> numbers(loop&, future<int> first) { co_yield co_await first; }
future<void> read_numbers(loop& core, future<int> first) {
  auto all = numbers(core, first);
  while (co_await all.next()) {
  }
}

TEST_F(call_graph_test, places_in_lines_say_of_what_and_where) {
  channel<int> empty(native, 1);
  channel<int> full(native, 0);
  mutex taken(native);
  mutex free(native);
  event never(native);
  condition changed(native);
  const auto holder = taken.try_lock();
  const std::vector<future<void>> waiting{receive(native, empty), send(native, full), lock(native, taken),
                                          until_set(native, never), until_changed(native, free, changed)};
  const wait_graph found = graph();
  EXPECT_THAT(way(found, coroutine(found, "receive")), ElementsAre("channel::next"));
  EXPECT_THAT(way(found, coroutine(found, "send")), ElementsAre("channel::send"));
  EXPECT_THAT(way(found, coroutine(found, "lock")), ElementsAre("semaphore::acquire"));
  EXPECT_THAT(way(found, coroutine(found, "until_set")), ElementsAre("event::wait"));
  EXPECT_THAT(way(found, coroutine(found, "until_changed")), ElementsAre("condition::wait"));
  const graph_node& node = *waited_for(found, coroutine(found, "receive"))[0];
  EXPECT_EQ(node.what, kind::wait);
  EXPECT_EQ(found.places[node.created].line, found.places[coroutine(found, "receive").created].line);
}

TEST_F(call_graph_test, a_generator_stands_between_its_reader_and_what_its_body_awaits) {
  const auto first = io.create_future<int>();
  const auto reading = read_numbers(native, first);
  const wait_graph found = graph();
  EXPECT_THAT(way(found, coroutine(found, "read_numbers")),
              ElementsAre("async_generator::next", "async_generator", "future"));
}

struct never_done {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const noexcept { keep = who; }
  void await_resume() const noexcept {}
  std::coroutine_handle<>& keep;
};
future<void> await_foreign(loop&, std::coroutine_handle<>& keep) { co_await never_done{keep}; }

TEST_F(call_graph_test, awaitables_of_other_libraries_are_named) {
  std::coroutine_handle<> other;
  const auto waiting = await_foreign(native, other);
  const wait_graph found = graph();
  EXPECT_THAT(way(found, coroutine(found, "await_foreign")), ElementsAre("awaitable of another library"));
  EXPECT_NE(coroutine(found, "await_foreign").awaits, graph_node::none);
  other.resume();
  native.run_ready();
}

future<int> await_then_another(loop&, future<int> open, std::optional<future<int>>& other) {
  co_await open;
  co_return co_await *other;
}

TEST_F(call_graph_test, a_ring_is_shown_and_ends) {
  const auto gate = io.create_future<int>();
  std::optional<future<int>> second;
  const auto first = await_then_another(native, gate, second);
  second = wait_for_it(native, first);
  resolve(gate, 1);
  native.run_ready();  // now they await each other
  EXPECT_THAT(tree(), HasSubstr("a ring: it waits for itself"));
  EXPECT_THAT(graph().path_from(0), HasSubstr("a ring: it waits for itself"));
  EXPECT_EQ(graph().nodes.size(), 2U);
  cancel(first);
  native.run_ready();
}

TEST_F(call_graph_test, timers_are_in_the_order_of_their_deadlines_and_cancelled_ones_are_not_there) {
  const auto late = io.call_later(1h, [] {});
  const auto soon = io.call_later(2ms, [] {});
  auto cancelled = io.call_later(1s, [] {});
  cancelled.cancel();
  const wait_graph found = graph();
  const auto timers = all(found, kind::timer);
  ASSERT_EQ(timers.size(), 2U);
  EXPECT_EQ(timers[0]->due, 2'000'000);
  EXPECT_EQ(timers[1]->due, 3'600'000'000'000);
}

TEST_F(call_graph_test, a_timer_says_where_it_was_made) {
  struct three_words {
    std::array<void*, 3> kept{};
    void operator()() const {}
  };
  static_assert(sizeof(three_words) == detail::timer_node::capacity);
  const auto selected = testing::replace_loop(*native);
  const unsigned first = line_here() + 1;
  const auto small = io.call_at(io.now() + 1s, [] {});
  const auto large = io.call_later(2s, [kept = std::array<char, 100>()] { static_cast<void>(kept); });
  const auto full = native->call_later(3s, three_words());
  const auto another = interloop::call_later(4s, three_words());
  const auto with_arguments = native->call_at(native->now() + 5s, [](int, std::string) {}, 1, "two");
  const auto asleep = io.sleep(6s);
  const auto limited = with_timeout(7s, io.create_future<int>());
  auto batched = io.make_batched_timer(1h);
  const auto in_it = batched.call_later(8h, [] {});
  std::vector<unsigned> lines;
  const wait_graph found = graph();
  for (const graph_node* each : all(found, kind::timer)) {
    EXPECT_THAT(found.places.at(each->created).file, HasSubstr("call_graph_test.cpp"));
    lines.push_back(found.places.at(each->created).line - first);
  }
  EXPECT_THAT(lines, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(tree(), HasSubstr(" made at call_graph_test.cpp:" + std::to_string(first + 2)));
}

// What is full has its place in a list, which is found by the timer's number.
template <int>
struct full_at {
  static timer make(loop& core) {
    return core.call_later(1h, [](void*, void*, void*) {}, nullptr, nullptr, nullptr);
  }
};
template <int... Numbers>
void make_at_each(loop& core, std::vector<timer>& made, std::integer_sequence<int, Numbers...>) {
  (made.push_back(full_at<Numbers>::make(core)), ...);
}

TEST_F(call_graph_test, timers_of_many_places_keep_theirs_and_their_order) {
  std::vector<timer> made;
  for (int round = 0; round < 2; ++round) make_at_each(native, made, std::make_integer_sequence<int, 200>());
  std::map<std::string, int> functions;
  const wait_graph found = graph();
  for (const graph_node* each : all(found, kind::timer)) ++functions[found.places.at(each->created).function];
  EXPECT_EQ(functions.size(), 200U);
  for (const auto& [function, count] : functions) EXPECT_EQ(count, 2) << function;
  for (std::size_t i = 0; i < made.size(); i += 2) EXPECT_TRUE(made[i].cancel());
  EXPECT_EQ(all(graph(), kind::timer).size(), 200U);
}

TEST_F(call_graph_test, watches_and_holds_say_where_they_were_made) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    const unsigned line = line_here() + 1;
    const auto watch = io.watch(ends[0], interest::read, [](interest) {});
    std::vector<loop_hold> holds;
    for (int i = 0; i < 3; ++i) holds.push_back(io.hold());
    loop_hold other = native->hold();
    const loop_hold moved = std::move(other);
    const auto places = [&] {
      std::map<unsigned, std::uint64_t> counts;
      const wait_graph found = graph();
      for (const graph_node& each : found.nodes) counts[found.places.at(each.created).line - line] += each.count;
      return counts;
    };
    using ::testing::Pair;
    EXPECT_THAT(places(), ElementsAre(Pair(0, 1), Pair(2, 3), Pair(3, 1)));
    EXPECT_THAT(tree(), HasSubstr("3 holds made at call_graph_test.cpp:" + std::to_string(line + 2)));
    holds.erase(holds.begin() + 1);
    other = io.hold();
    EXPECT_THAT(places(), ElementsAre(Pair(0, 1), Pair(2, 2), Pair(3, 1), Pair(15, 1)));
    holds.clear();
    EXPECT_THAT(places(), ElementsAre(Pair(0, 1), Pair(3, 1), Pair(15, 1)));
  }
  EXPECT_TRUE(graph().nodes.empty());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(call_graph_test, watches_holds_and_what_is_queued) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  {
    const auto watch = native->watch(ends[0], interest::read, [](interest) {});
    const loop_hold hold = native->hold();
    const loop_hold other = native->hold();
    io.call_soon([] {});
    native->remote().post([] {});
    const wait_graph found = graph();
    ASSERT_EQ(all(found, kind::watch).size(), 1U);
    EXPECT_EQ(all(found, kind::watch)[0]->descriptor, ends[0]);
    EXPECT_EQ(all(found, kind::watch)[0]->interest, 1);
    EXPECT_EQ(all(found, kind::hold).size(), 2U);
    EXPECT_EQ(all(found, kind::queued).size(), 2U);
    EXPECT_THAT(tree(), HasSubstr("watch of descriptor " + std::to_string(ends[0]) + " for reading"));
  }
  native.run_ready();
  ::close(ends[0]);
  ::close(ends[1]);
}

struct job {
  void operator()(const auto&...) const {}
};

TEST_F(call_graph_test, what_is_queued_says_what_it_is_and_where_it_was_queued) {
  const auto selected = testing::replace_loop(*native);
  const std::array<char, 300> large{};
  const unsigned line = line_here();
  io.call_soon(job());
  native->call_soon(job());
  call_soon(job());
  io.call_soon([large] { static_cast<void>(large); });
  io.call_soon([]() -> future<void> { co_return; });  // kept until its future is completed
  io.post(job());
  native->post(job());
  post(job());
  native->remote().post(job());
  std::thread([&] { native->post(job()); }).join();
  io.call_soon(job(), 1);
  native->call_soon(job(), 1, 2);
  call_soon(job(), 1, 2, std::make_unique<int>(3));
  io.post(job(), 1);
  native->post(job(), 1, 2);
  post(job(), 1, 2, 3);
  native->remote().post(job(), 1);
  io.call_soon([](int) -> future<void> { co_return; }, 1);
  const auto at_once = run_in_reactor(native->remote(), job())();
  const auto with_one = run_in_reactor(native->remote(), job())(1);
  // A place among the arguments is an argument, and with more than three there is no other.
  const auto elsewhere = std::source_location::current();
  call_soon(job(), elsewhere);
  io.post(job(), 1, 2, elsewhere);
  native->call_soon(job(), 1, 2, 3, elsewhere);
  native->remote().post(job(), 1, 2, 3, elsewhere);
  const wait_graph found = graph();
  std::vector<unsigned> lines;
  for (const graph_node* each : all(found, kind::queued)) {
    EXPECT_NE(each->code, 0U);
    EXPECT_THAT(found.names.at(each->code_name),
                ::testing::AnyOf(HasSubstr("job"), HasSubstr("lambda"), HasSubstr("$_")));
    lines.push_back(each->created == graph_node::none ? 0 : found.places[each->created].line - line);
  }
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U, 12U, 13U, 14U, 15U,
                                                     16U, 17U, 18U, 19U, 20U, 23U, 24U, 0U, 0U));
  EXPECT_THAT(tree(),
              HasSubstr("queued: interloop::job made at call_graph_test.cpp:" + std::to_string(line + 1) + "\n"));
  EXPECT_THAT(tree(), HasSubstr("2 × queued: interloop::job\n"));
  EXPECT_THAT(tree(),
              HasSubstr("queued: interloop::job made at call_graph_test.cpp:" + std::to_string(line + 20) + "\n"));
  EXPECT_THAT(found.json(), HasSubstr("\"kind\":\"queued\""));
  native.run_ready();
  EXPECT_TRUE(all(graph(), kind::queued).empty());
}

TEST_F(call_graph_test, a_completed_future_whose_callbacks_are_queued_says_where_it_was_made) {
  const auto answer = io.create_future<int>();
  const unsigned line = line_here() - 1;
  add_callbacks(answer, [](int) {});
  const auto other = io.create_future<int>();
  const auto waiting = wait_for_it(native, other);
  resolve(answer, 1);
  resolve(other, 1);
  const auto computed = io.as_future([](int x) { return x; }, 1);
  const unsigned line_of_computed = line_here() - 1;
  add_callbacks(computed, [](int) {});
  const wait_graph found = graph();
  ASSERT_EQ(all(found, kind::queued).size(), 3U);
  EXPECT_EQ(found.places.at(all(found, kind::queued)[0]->created).line, line);
  EXPECT_EQ(found.places.at(all(found, kind::queued)[2]->created).line, line_of_computed);
  EXPECT_THAT(tree(), HasSubstr("queued: callbacks of a future made at call_graph_test.cpp:" + std::to_string(line)));
  EXPECT_THAT(tree(), HasSubstr("queued: a coroutine\n"));
  native.run_ready();
}

TEST_F(call_graph_test, many_that_are_queued_are_all_there) {
  for (int i = 0; i < 5000; ++i) {
    io.call_soon([i, padding = std::array<char, 100>{}] { static_cast<void>(i), static_cast<void>(padding); });
    native->remote().post([] {});
  }
  EXPECT_EQ(all(graph(), kind::queued).size(), 10'000U);
  native.run_ready();
  EXPECT_TRUE(graph().nodes.empty());
}

TEST_F(call_graph_test, inside_a_turn_the_running_coroutine_is_not_suspended) {
  std::string seen;
  const auto look = [](loop& core, std::string& into) -> future<void> {
    into = format_call_graph(core);
    co_return;
  };
  io.call_soon([&] { static_cast<void>(look(native, seen)); });
  native.run_ready();
  EXPECT_THAT(seen, HasSubstr("in a turn"));
  EXPECT_THAT(seen, HasSubstr("not suspended in a co_await"));
}

TEST_F(call_graph_test, equal_things_are_counted_in_text_and_listed_in_json) {
  std::vector<future<int>> many;
  for (int i = 0; i < 1234; ++i) many.push_back(io.create_future<int>());
  EXPECT_THAT(tree(), HasSubstr("1,234 × future made at call_graph_test.cpp:"));
  EXPECT_THAT(graph().list(), HasSubstr("1,234 × future made at call_graph_test.cpp:"));
  const std::string json = graph().json();
  EXPECT_THAT(json, HasSubstr("{\"id\":1233,\"kind\":\"future\",\"name\":\"future\""));
}

TEST_F(call_graph_test, ages_are_known_from_marks) {
  const auto old = io.create_future<int>();
  mark_age(native);
  const auto fresh = io.create_future<int>();
  native.advance(5s);
  const wait_graph found = graph();
  ASSERT_EQ(found.nodes.size(), 2U);
  EXPECT_FALSE(found.nodes[0].age);
  EXPECT_EQ(found.nodes[1].age, 5'000'000'000);
  EXPECT_THAT(tree(), HasSubstr("older than 5 s"));
}

TEST_F(call_graph_test, a_thousand_marks_are_thinned_out) {
  const auto old = io.create_future<int>();
  for (int i = 0; i < 1000; ++i) {
    mark_age(native);
    native.advance(1s);
  }
  EXPECT_GE(graph().nodes.at(0).age.value_or(0), 1'000'000'000);
}

TEST_F(call_graph_test, closing_reports_what_is_abandoned) {
  std::string report;
  report_abandoned(native, [&](const wait_graph& abandoned) { report = abandoned.tree(); });
  const auto answer = io.create_future<int>();
  const auto waiting = wait_for_it(native, answer);
  native->close();
  EXPECT_THAT(report, HasSubstr("coroutine"));
  EXPECT_THAT(report, HasSubstr("future made at"));
  EXPECT_TRUE(graph().loops.empty());
}

TEST_F(call_graph_test, closing_an_idle_loop_reports_nothing) {
  bool reported = false;
  report_abandoned(native, [&](const wait_graph&) { reported = true; });
  native->close();
  EXPECT_FALSE(reported);
}

TEST_F(call_graph_test, a_chain_of_a_hundred_thousand_coroutines_takes_no_stack) {
  const auto answer = io.create_future<int>();
  future<int> last = answer;
  for (int i = 0; i < 100'000; ++i) last = wait_for_it(native, last);
  const wait_graph found = graph();
  EXPECT_EQ(found.nodes.size(), 100'001U);
  EXPECT_EQ(std::count(found.edges.begin(), found.edges.end(), graph_node::none), 0);
  EXPECT_LT(found.path_from(0).size(), 2000U);
  EXPECT_THAT(found.tree(), HasSubstr("future made at"));
  resolve(answer, 1);
  native.run_ready();
}

}  // namespace
}  // namespace interloop
