// SPDX-License-Identifier: MIT
// The port, and all else that flavours of Asio have in common. `Net` names a flavour's types and functions, and is all that
// an adapter for another flavour has to write: see adapters/asio.hpp.
//
// Life cycle. An I/O object must not outlive its execution context, but a loop's core may (handles keep it). So all
// Asio objects live in `native`, which is destroyed when the loop closes; when the context is destroyed, a service of
// it closes the loops that are still open. Handlers that Asio still holds then own only a small shared block.
//
// Concurrency. All handlers run on `Executor`. If several threads run the context, `Executor` must be a strand.
#pragma once

#include <interloop/error.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/select.hpp>

#include <atomic>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace interloop {

/// Says that only one thread runs the `io_context`, so the loop needs no strand. Faster, and a nested `poll()` or
/// `run_one()` inside a callback works.
struct one_thread_t {};
inline constexpr one_thread_t one_thread{};

namespace detail {

template <class E>
concept asio_strand = requires(const E& e) { e.get_inner_executor(); };

/// The executor inside a strand, or the executor itself.
template <class E>
auto innermost(const E& e) {
  if constexpr (asio_strand<E>) {
    return e.get_inner_executor();
  } else {
    return e;
  }
}

/// The `io_context` that an executor, or the one inside it, is known to run on, or null.
template <class Net, class E>
typename Net::io_context* io_context_of(const E& e) {
  using of_io_context = typename Net::io_context::executor_type;
  if constexpr (asio_strand<E>) {
    return io_context_of<Net>(e.get_inner_executor());
  } else if constexpr (std::is_same_v<E, of_io_context>) {
    return &e.context();
  } else if constexpr (std::is_same_v<E, typename Net::any_executor>) {
#ifdef __cpp_rtti
    // Asio 1.22 does not compare the type in target() itself. It can be built without what target_type() returns.
    if constexpr (std::is_same_v<decltype(e.target_type()), const std::type_info&>) {
      if (e.target_type() == typeid(of_io_context)) return &e.template target<of_io_context>()->context();
    }
#endif
    return nullptr;
  } else {
    return nullptr;
  }
}

/// Memory for the one wake-up that can be under way, so that waking never fails and never allocates. With a strand,
/// Asio takes two pieces from it.
class wake_memory {
 public:
  void* take(std::size_t bytes) {
    for (slot& each : slots_)
      if (bytes <= sizeof(each.bytes) && !each.used) {
        each.used = true;
        return each.bytes;
      }
    return ::operator new(bytes);
  }
  void give_back(void* pointer) noexcept {
    for (slot& each : slots_)
      if (pointer == each.bytes) {
        each.used = false;
        return;
      }
    ::operator delete(pointer);
  }

 private:
  struct slot {
    alignas(std::max_align_t) std::byte bytes[256];
    bool used = false;
  };
  slot slots_[3];
};

template <class T>
struct wake_allocator {
  using value_type = T;
  std::shared_ptr<wake_memory> memory;

  explicit wake_allocator(std::shared_ptr<wake_memory> from) noexcept : memory(std::move(from)) {}
  template <class U>
  wake_allocator(const wake_allocator<U>& other) noexcept : memory(other.memory) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory->take(count * sizeof(T))); }
  void deallocate(T* pointer, std::size_t) noexcept { memory->give_back(pointer); }
  template <class U>
  bool operator==(const wake_allocator<U>& other) const noexcept {
    return memory == other.memory;
  }
};

/// A port that its context may close.
class asio_port_base : public loop_port {
 public:
  using loop_port::close_core;
};

/// A port whose executor may be asked for.
template <class Net>
class asio_port_of : public asio_port_base {
 public:
  /// The executor on which the loop's handlers run, until the loop closes. Null if it cannot be an `any_executor`.
  virtual const typename Net::any_executor* executor() = 0;
  /// The `io_context` in which the loop's turns run, or null if it is not known to be one.
  virtual const typename Net::io_context* context() const noexcept = 0;

  /// A handler on the loop's executor may turn itself, instead of waking the loop for another handler that does. If
  /// `begin_turn` says so, what it queues then does not wake the loop, and it has to call `finish_turn`, which runs
  /// callbacks, at last.
  virtual bool begin_turn() noexcept = 0;
  virtual void finish_turn() noexcept = 0;

  /// The port of a loop, or null if the loop is closed or not of this flavour.
  template <class Loop>
  static asio_port_of* find(const Loop& core) noexcept {
    if (core.closed() || core.name() != Net::name) return nullptr;
    return static_cast<asio_port_of*>(&loop_port::port_of(core));
  }
};

/// Closes the loops of a context that is being destroyed.
template <class Net>
class asio_loops final : public Net::execution_context::service {
 public:
  using key_type = asio_loops;
  static inline typename Net::execution_context::id id;

  explicit asio_loops(typename Net::execution_context& context) : Net::execution_context::service(context) {}
  void add(asio_port_base& port) { ports_.push_back(&port); }
  void remove(asio_port_base& port) noexcept { std::erase(ports_, &port); }

 private:
  void shutdown() override {
    while (!ports_.empty()) ports_.back()->close_core();  // this removes it from the list
  }
  std::vector<asio_port_base*> ports_;
};

template <class Net, class Executor>
class asio_watch final : public port_watch {
 public:
  asio_watch(const Executor& executor, int fd, interest wanted, watched_fd& watched)
      : block_(std::make_shared<block>(executor, fd, watched)) {
    try {
      // Waiting once for reading, wanted or not, makes Asio set the descriptor non-blocking now, when the core can undo
      // it.
      arm(block_, interest::read);
      set_interest(wanted);
    } catch (...) {
      let_go();
      throw;
    }
  }
  ~asio_watch() override { let_go(); }

  void set_interest(interest wanted) override {
    // A wait for a direction that is no longer wanted is left to end by itself: Asio can only cancel both directions.
    if (has(wanted, interest::read)) arm(block_, interest::read);
    if (has(wanted, interest::write)) arm(block_, interest::write);
    block_->wanted = wanted;
  }

 private:
  using descriptor_of_executor = typename Net::template descriptor<Executor>;
  struct native_descriptor : descriptor_of_executor {  // its destructor is protected
    native_descriptor(const Executor& executor, int fd) : descriptor_of_executor(executor, fd) {}
  };
  struct block {
    block(const Executor& executor, int fd, watched_fd& watched) : descriptor(executor, fd), state(&watched) {}
    native_descriptor descriptor;
    watched_fd* state;  // null once the watch has ended
    interest wanted = interest::none;
    interest waiting = interest::none;
  };

  void let_go() noexcept {
    block_->state = nullptr;
    block_->descriptor.release();  // without closing; pending waits end with operation_aborted
  }

  static void arm(const std::shared_ptr<block>& self, interest direction) {
    if (has(self->waiting, direction)) return;
    self->descriptor.async_wait(
        direction == interest::read ? Net::descriptor_base::wait_read : Net::descriptor_base::wait_write,
        [self, direction](const typename Net::error_code& error) { arrived(self, direction, error.value()); });
    self->waiting = self->waiting | direction;
  }

  static void arrived(const std::shared_ptr<block>& self, interest direction, int error) {
    self->waiting = direction == interest::read ? self->waiting & interest::write : self->waiting & interest::read;
    if (self->state && error != 0 && error != ECANCELED) return self->state->lost();  // it would keep failing
    if (self->state && has(self->wanted, direction)) self->state->ready(direction);
    if (self->state && has(self->wanted, direction)) arm(self, direction);
  }

  std::shared_ptr<block> block_;
};

template <class Net, class Executor>
class asio_port final : public asio_port_of<Net> {
  using io_context = typename Net::io_context;

 public:
  /// \param runs  what `run` runs; null if the executor's context is not known to be an `io_context`.
  asio_port(const Executor& executor, io_context* runs)
      : shared_(std::make_shared<shared>()), native_(std::in_place, executor, runs) {
    shared_->port = this;
    loops_ = &Net::template use_service<asio_loops<Net>>(Net::context_of(executor));
  }
  ~asio_port() override { close(nullptr); }

  std::string_view name() const noexcept override { return Net::name; }

  void wake() noexcept override {
    if (shared_->waking.exchange(true, std::memory_order_acq_rel)) return;
    Net::post(native_->executor, waker{shared_});
  }

  /// A strand never runs a handler inside another, so a nested run could not run ours; a bare executor can.
  void busy() noexcept override {
    if constexpr (!asio_strand<Executor>) wake();
  }

  void set_alarm(time_point when) override {
    // Made only when needed: from its first timer or descriptor on, a context sleeps in Asio's reactor, which costs
    // more to wake than the condition variable used before.
    if (!native_->alarm) native_->alarm.emplace(native_->executor);
    native_->alarm->expires_at(when);
    const unsigned number = ++shared_->alarm_number;
    native_->alarm->async_wait([shared = shared_, number](const typename Net::error_code&) {
      // cancel() is too late for a timer that is already due, so the number decides.
      if (shared->port && shared->alarm_number == number) shared->port->alarm();
    });
  }
  void clear_alarm() noexcept override {
    ++shared_->alarm_number;
    cancel_alarm();
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    try {
      return std::make_unique<asio_watch<Net, Executor>>(native_->executor, fd, wanted, watched);
    } catch (const typename Net::system_error& refused) {
      throw usage_error("watch: descriptor " + std::to_string(fd) + " cannot be watched: " + refused.what());
    }
  }

  bool in_loop_thread() const noexcept override {
    if constexpr (requires(const Executor& e) { e.running_in_this_thread(); }) {
      return native_ && native_->executor.running_in_this_thread();
    } else {
      return false;
    }
  }

  thread_knowledge knowledge() const noexcept override {
    if constexpr (asio_strand<Executor>) {
      return thread_knowledge::strand;
    } else if constexpr (requires(const Executor& e) { e.running_in_this_thread(); }) {
      return thread_knowledge::exact;
    } else {
      return thread_knowledge::none;
    }
  }

  void keep_alive(bool pending) noexcept override {
    if (pending) {
      native_->work.emplace(innermost(native_->executor));
    } else {
      native_->work.reset();
    }
  }

  void run() override {
    io_context* context = native_->runs;
    if (!context) throw usage_error("run: this executor's context is not an io_context; run the context itself");
    if (context->stopped()) context->restart();
    context->run();
  }
  void stop() noexcept override {
    if (native_->runs) native_->runs->stop();
  }

  void close(function<void()> released) noexcept override {
    if (!native_) return;
    shared_->port = nullptr;
    loops_->remove(*this);
    cancel_alarm();
    native_.reset();
    if (released) released();
  }

  // A child shares its parent's epoll instance and timerfd.
  void forked() noexcept override {
    if (!native_) return;
    try {
      Net::context_of(native_->executor).notify_fork(Net::execution_context::fork_child);
    } catch (...) {  // release what was shared before anything here can fail
    }
  }

  void attached() override { loops_->add(*this); }

  bool begin_turn() noexcept override { return !shared_->waking.exchange(true, std::memory_order_acq_rel); }
  void finish_turn() noexcept override {
    shared_->waking.exchange(false, std::memory_order_acq_rel);
    this->turn();
  }
  const io_context* context() const noexcept override { return native_ ? native_->runs : nullptr; }
  const typename Net::any_executor* executor() override {
    if constexpr (std::is_convertible_v<const Executor&, typename Net::any_executor>) {
      if (!native_->any) native_->any.emplace(native_->executor);
      return &*native_->any;
    } else {
      return nullptr;
    }
  }

 private:
  /// The block that handlers own.
  struct shared {
    asio_port* port = nullptr;  // null once closed
    unsigned alarm_number = 0;
    // Whether a wake-up is under way. Cleared by an exchange (see `loop_port::wake`). Release on clearing: the thread
    // that sets it next owns the memory that the handler used.
    std::atomic<bool> waking{false};
    std::shared_ptr<wake_memory> memory = std::make_shared<wake_memory>();
  };

  struct waker {
    using allocator_type = wake_allocator<std::byte>;
    std::shared_ptr<shared> state;
    allocator_type get_allocator() const noexcept { return allocator_type(state->memory); }
    void operator()() const {
      state->waking.exchange(false, std::memory_order_acq_rel);
      if (state->port) state->port->turn();
    }
  };

  struct native {
    native(const Executor& e, io_context* context) : executor(e), runs(context) {}
    Executor executor;
    io_context* runs;
    std::optional<typename Net::any_executor> any;  // made when an operation needs it
    std::optional<typename Net::template timer<Executor>> alarm;
    // On the executor inside a strand: Asio 1.22 has no work guard for a strand on an any_io_executor.
    std::optional<typename Net::template work_guard<decltype(innermost(std::declval<const Executor&>()))>> work;
  };

  void cancel_alarm() noexcept {
    if (!native_->alarm) return;
    try {
      native_->alarm->cancel();
    } catch (...) {  // its signature allows this, but it does not fail
    }
  }

  std::shared_ptr<shared> shared_;
  std::optional<native> native_;
  asio_loops<Net>* loops_ = nullptr;
};

/// What `asio_loop` and `use_asio` accept: an `io_context`, which gets a strand, or any executor, which gets a strand
/// unless it is one.
template <class Net>
struct asio_ports {
  template <class Context>
  static constexpr bool is_context = std::derived_from<Context, typename Net::execution_context>;

  static riding on_its_own() {
    auto context = std::make_shared<typename Net::io_context>(1);
    auto port = on(*context, one_thread);
    return {std::move(port), std::move(context)};
  }
  static std::unique_ptr<loop_port> on(typename Net::io_context& context) {
    return make(Net::make_strand(context.get_executor()), &context);
  }
  static std::unique_ptr<loop_port> on(typename Net::io_context& context, one_thread_t) {
    return make(context.get_executor(), &context);
  }
  template <class Executor>
    requires(!is_context<Executor>)
  static std::unique_ptr<loop_port> on(const Executor& executor) {
    if constexpr (asio_strand<Executor>) {
      return make(executor, io_context_of<Net>(executor));
    } else {
      return make(Net::make_strand(executor), io_context_of<Net>(executor));
    }
  }

  /// `use_asio(target, option…)`.
  template <class Target, class... Option>
  static loop& select(Target& target, Option... option) {
    const void* native = nullptr;
    if constexpr (is_context<Target>) {
      native = &target;
    } else {
      native = &Net::context_of(target);
    }
    return select_loop(Net::name, native, [&] { return loop_owner(on(target, option...)); });
  }

 private:
  template <class Executor>
  static std::unique_ptr<loop_port> make(const Executor& executor, typename Net::io_context* runs) {
    return std::make_unique<asio_port<Net, Executor>>(executor, runs);
  }
};

/// `asio_loop`, whose comment says what it does, for a flavour.
template <class Net>
class asio_loop_of : public loop_owner {
  using ports = asio_ports<Net>;

 public:
  // All templates, so that a file which only includes this header instantiates nothing of Asio.

  /// On an `io_context` of its own, which `loop::run` runs, in one thread.
  template <class Ports = ports>
  asio_loop_of() : loop_owner(Ports::on_its_own()) {}
  template <std::derived_from<typename Net::io_context> Context>
  explicit asio_loop_of(Context& context) : loop_owner(ports::on(context)) {}
  template <std::derived_from<typename Net::io_context> Context>
  asio_loop_of(Context& context, one_thread_t) : loop_owner(ports::on(context, one_thread)) {}
  template <class Executor>
    requires(!ports::template is_context<Executor> && !std::is_base_of_v<loop_owner, Executor>)
  explicit asio_loop_of(const Executor& executor) : loop_owner(ports::on(executor)) {}
};

}  // namespace detail
}  // namespace interloop
