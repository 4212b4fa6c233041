// SPDX-License-Identifier: MIT
// Which structure should the ready queue be, and which the inbox of other threads?
//
// interloop's queues compared with the alternatives, without a loop; `docs/decisions/0003-queues.md` has the decision.
// A callable captures two words.
#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <source_location>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr int batch = 1000;

/// Records packed one after the other: interloop's ready queue.
struct packed {
  interloop::detail::task_queue tasks;
  template <class F>
  void push(F&& fn) {
    tasks.push(std::forward<F>(fn));
  }
  void run_all() {
    while (!tasks.empty()) tasks.run_generation([] {});
  }
};

/// A vector of move-only functions, each with room for three words, swapped out before it runs.
struct vector_of_functions {
  std::vector<interloop::function<void()>> ready, running;
  template <class F>
  void push(F&& fn) {
    ready.emplace_back(std::forward<F>(fn));
  }
  void run_all() {
    while (!ready.empty()) {
      std::swap(ready, running);
      for (auto& each : running) each();
      running.clear();
    }
  }
};

/// A list of nodes, each allocated for one callable.
struct linked_nodes {
  struct node {
    node* next = nullptr;
    virtual void run() = 0;
    virtual ~node() = default;
  };
  template <class F>
  struct node_of final : node {
    F fn;
    explicit node_of(F&& source) : fn(std::move(source)) {}
    void run() override { fn(); }
  };
  node* head = nullptr;
  node** tail = &head;

  template <class F>
  void push(F&& fn) {
    *tail = new node_of<std::decay_t<F>>(std::forward<F>(fn));
    tail = &(*tail)->next;
  }
  void run_all() {
    while (head) {
      const std::unique_ptr<node> first(head);
      head = first->next;
      if (!head) tail = &head;
      first->run();
    }
  }
};

template <class Queue>
void many(benchmark::State& state) {
  Queue queue;
  long sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) queue.push([&sum, i] { sum += i; });
    queue.run_all();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

template <class Queue>
struct link {
  Queue* queue;
  int* left;
  void operator()() const {
    if (--*left > 0) queue->push(link(*this));
  }
};

template <class Queue>
void one_by_one(benchmark::State& state) {
  Queue queue;
  for (auto _ : state) {
    int left = batch;
    queue.push(link<Queue>{&queue, &left});
    queue.run_all();
    benchmark::DoNotOptimize(left);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// Wakes a waiting thread.
class waking_port final : public interloop::loop_port {
 public:
  std::string_view name() const noexcept override { return "waking"; }
  void wake() noexcept override {
    if (!woken_.exchange(true)) semaphore_.release();
  }
  void wait() {
    semaphore_.acquire();
    woken_.store(false);
  }
  void set_alarm(interloop::time_point) override {}
  void clear_alarm() noexcept override {}
  std::unique_ptr<interloop::port_watch> watch(int, interloop::interest, interloop::watched_fd&) override {
    return nullptr;
  }
  void run() override {}
  void stop() noexcept override {}
  void close(interloop::function<void()>) noexcept override {}

 private:
  std::atomic<bool> woken_{false};
  std::binary_semaphore semaphore_{0};
};

/// A queue under a lock, swapped out as a whole: interloop's inbox.
struct locked_swap {
  waking_port port;
  interloop::detail::inbox box{port};
  interloop::detail::task_queue taken;
  template <class F>
  void push(F&& fn) {
    box.push(std::forward<F>(fn), std::source_location::current());
  }
  void run_some() {
    box.take(taken);
    while (!taken.empty()) taken.run_generation([] {});
  }
};

/// A lock-free list of nodes (Treiber's), taken as a whole and reversed.
struct lock_free_list {
  waking_port port;
  std::atomic<linked_nodes::node*> top{nullptr};

  ~lock_free_list() { run_some(); }
  template <class F>
  void push(F&& fn) {
    auto* mine = new linked_nodes::node_of<std::decay_t<F>>(std::forward<F>(fn));
    linked_nodes::node* before = top.load(std::memory_order_relaxed);
    do mine->next = before;
    while (!top.compare_exchange_weak(before, mine, std::memory_order_release, std::memory_order_relaxed));
    if (!before) port.wake();
  }
  void run_some() {
    linked_nodes::node* last = top.exchange(nullptr, std::memory_order_acquire);
    linked_nodes::node* first = nullptr;
    while (last) {
      linked_nodes::node* next = std::exchange(last->next, first);
      first = std::exchange(last, next);
    }
    while (first) {
      const std::unique_ptr<linked_nodes::node> each(first);
      first = each->next;
      each->run();
    }
  }
};

/// One thread pushes and nobody takes: wall time of the pushes; then all run, untimed.
template <class Inbox>
void push_alone(benchmark::State& state) {
  Inbox box;
  long sum = 0;
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < batch; ++i) box.push([&sum, i] { sum += i; });
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    box.run_some();
    box.port.wait();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// One or two threads push while another takes and runs: wall time until the last one has run.
template <class Inbox>
void push_and_run(benchmark::State& state) {
  const int each = 100'000 / static_cast<int>(state.range(0));
  for (auto _ : state) {
    Inbox box;
    long ran = 0;
    std::vector<std::thread> pushers;
    const auto begun = std::chrono::steady_clock::now();
    for (int p = 0; p < state.range(0); ++p)
      pushers.emplace_back([&] {
        for (int i = 0; i < each; ++i) box.push([&ran, i] { ran += i >= 0; });
      });
    const long all = each * state.range(0);
    while (ran < all) {
      box.port.wait();
      box.run_some();
    }
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    for (auto& pusher : pushers) pusher.join();
  }
  state.SetItemsProcessed(state.iterations() * each * state.range(0));
}

BENCHMARK(many<packed>);
BENCHMARK(many<vector_of_functions>);
BENCHMARK(many<linked_nodes>);
BENCHMARK(one_by_one<packed>);
BENCHMARK(one_by_one<vector_of_functions>);
BENCHMARK(one_by_one<linked_nodes>);
BENCHMARK(push_alone<locked_swap>)->UseManualTime();
BENCHMARK(push_alone<lock_free_list>)->UseManualTime();
BENCHMARK(push_and_run<locked_swap>)->Arg(1)->Arg(2)->UseManualTime();
BENCHMARK(push_and_run<lock_free_list>)->Arg(1)->Arg(2)->UseManualTime();

}  // namespace
}  // namespace bench
