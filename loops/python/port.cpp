// SPDX-License-Identifier: MIT
//
// The port asks a driver, a Python object that knows one kind of loop (`interloop/_loops.py`), for timers and for one
// readable descriptor: an epoll instance of its own, which contains an eventfd for wake-ups and all watched
// descriptors. So a thread without the GIL can wake the loop, a change of interest does not call Python, and errors and
// hang-ups look the same on every loop (uvloop would abandon the descriptor, Twisted would drop it). A loop that cannot
// watch descriptors (`task.Clock`) is woken by a delayed call without a delay, under the GIL.
#include "gil.hpp"
#include "loop_queue.hpp"
#include "native_call.hpp"
#include "own_futures.hpp"

#include <interloop/adapters/python.hpp>
#include <interloop/error.hpp>
#include <interloop/fork_count.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/python_bridge.hpp>
#include <interloop/renew_epoll.hpp>
#include <interloop/select.hpp>
#include <interloop/wake_fd.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace interloop {
namespace {

using python::call_method;
using python::gil;
using python::in_python;
using python::loops_module;
using python::object;
using python::text_of;

// The Python exception that is set, as one sentence; none is set afterwards.
std::string sentence_of_error() {
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  in_python([&] { return PyErr_NormalizeException(&type, &value, &traceback), nullptr; });
  const object first(type), second(value), third(traceback);
  const object text = value ? python::from_python([value] { return PyObject_Str(value); }) : object();
  const char* words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  std::string sentence = value ? Py_TYPE(value)->tp_name : "an unknown error";
  if (words && *words) sentence += std::string(": ") + words;
  PyErr_Clear();
  return sentence;
}

[[noreturn]] void throw_error(const std::string& context) { throw usage_error(context + ": " + sentence_of_error()); }

bool flag(const object& driver, const char* name) {
  const object value = python::attribute(driver, name);
  const bool is_true = value && in_python([&] { return PyObject_IsTrue(value.get()); }) == 1;
  PyErr_Clear();
  return is_true;
}

// The exception that is set when it is made, set again when it goes.
class error_kept {
 public:
  error_kept() noexcept { PyErr_Fetch(&type_, &value_, &traceback_); }
  error_kept(const error_kept&) = delete;
  error_kept& operator=(const error_kept&) = delete;
  ~error_kept() { PyErr_Restore(type_, value_, traceback_); }

 private:
  PyObject *type_ = nullptr, *value_ = nullptr, *traceback_ = nullptr;
};

// Nobody else can receive an exception from the driver; sys.unraisablehook shows it.
void report_unraisable(const object& driver) {
  if (PyErr_Occurred()) python::write_unraisable(driver.get());
}

class python_port;

// The watches in the epoll, by number: an event may arrive for a watch that another event's callback has just ended. A
// forked child shares the epoll with its parent, and must not change it.
struct watched_fds {
  const unsigned forks = fork_count();
  int epoll = -1;
  python_port* port = nullptr;  // null once it has closed
  std::uint64_t last = 0;       // number 0 is the eventfd
  std::unordered_map<std::uint64_t, watched_fd*> states;

  [[nodiscard]] bool usable() const noexcept { return port && forks == fork_count(); }
};

class python_watch final : public port_watch {
 public:
  python_watch(std::shared_ptr<watched_fds> all, int fd, interest wanted, watched_fd& watched)
      : all_(std::move(all)), fd_(fd), number_(++all_->last) {
    all_->states.emplace(number_, &watched);
    try {
      set_interest(wanted);
    } catch (...) {
      all_->states.erase(number_);
      throw;
    }
  }
  ~python_watch() override {
    all_->states.erase(number_);
    if (in_epoll_ && all_->usable()) ::epoll_ctl(all_->epoll, EPOLL_CTL_DEL, fd_, nullptr);
  }
  void lost() noexcept override;

  void set_interest(interest wanted) override {
    if (!all_->usable()) return;
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(poll_events(wanted));
    event.data.u64 = number_;
    // Without directions epoll would still report errors and hang-ups, again and again.
    const int what = wanted == interest::none ? EPOLL_CTL_DEL : in_epoll_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (wanted == interest::none && !in_epoll_) return;
    if (::epoll_ctl(all_->epoll, what, fd_, &event) != 0)
      throw usage_error("watch: descriptor " + std::to_string(fd_) + ": " + std::strerror(errno));
    in_epoll_ = wanted != interest::none;
  }

 private:
  std::shared_ptr<watched_fds> all_;
  int fd_;
  std::uint64_t number_;
  bool in_epoll_ = false;
};

class python_port final : public loop_port {
 public:
  explicit python_port(PyObject* native) : native_(native), kept_(object::borrow(native)) {
    const object module = loops_module();
    if (module) driver_ = call_method(module, "driver_of", "O", native);
    if (!driver_) throw_error("python_loop");
    on_alarm_ = object(python::make_function([self = self_](PyObject*) {
      if (!*self) return;
      const python::puts_off until_end((*self)->asyncio_loop());
      (*self)->alarm_ = object();
      (*self)->alarm();
    }));
    on_wake_ = object(python::make_function([self = self_](PyObject*) {
      if (*self) (*self)->on_wake();
    }));
    if (!on_alarm_ || !on_wake_) throw_error("python_loop");
    steady_ = flag(driver_, "steady");
    if (flag(driver_, "watches")) open_epoll();
  }
  ~python_port() override { release(); }

  static python_port& of(const loop& core) noexcept { return static_cast<python_port&>(port_of(core)); }

  // What `native_call` does: in between, a wake-up is a turn at the end.
  static std::shared_ptr<python_port*> begin_call(const loop& core) {
    if (core.closed()) return nullptr;
    ++of(core).calls_;
    return of(core).self_;
  }
  static void end_call(python_port* self) noexcept {
    if (self && --self->calls_ == 0 && std::exchange(self->wanted_, false)) self->turn();
  }

  std::string_view name() const noexcept override { return "python"; }

  void wake() noexcept override {
    if (waker_) return wake_in_loop() ? void() : waker_->signal();
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    const gil locked;
    wake_call_ = call_method(driver_, "call_later", "dO", 0.0, on_wake_.get());
    if (!wake_call_) report_unraisable(driver_);
  }

  void set_alarm(time_point when) override {
    const gil locked;
    clear_alarm();
    const std::chrono::duration<double> delay = when - now();
    alarm_ = call_method(driver_, "call_later", "dO", std::max(0.0, delay.count()), on_alarm_.get());
    if (!alarm_) throw_error("set_alarm");
  }
  void clear_alarm() noexcept override {
    if (!alarm_) return;
    const gil locked;
    if (!call_method(driver_, "cancel", "O", alarm_.get())) report_unraisable(driver_);
    alarm_ = object();
  }

  time_point now() const noexcept override {
    if (steady_ || !driver_) return std::chrono::steady_clock::now();
    const gil locked;
    const object seconds = call_method(driver_, "now", nullptr);
    const double value = seconds ? in_python([&] { return PyFloat_AsDouble(seconds.get()); }) : 0;
    if (PyErr_Occurred()) report_unraisable(driver_);
    return time_point(duration(std::llround(value * 1e9)));
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    if (!all_) throw usage_error("watch: this Python loop is only a clock and cannot watch descriptors");
    return std::make_unique<python_watch>(all_, fd, wanted, watched);
  }

  void run() override {
    const gil locked;
    if (!call_method(driver_, "run", nullptr)) throw_error("run");
  }
  void stop() noexcept override {
    const gil locked;
    if (!call_method(driver_, "stop", nullptr)) PyErr_Clear();  // it does not run
  }

  void close(function<void()> released) noexcept override {
    release();
    if (released) released();
  }

  /// The Python loop has registered the old epoll instance, not its number, so it is given the new instance.
  void renew_epoll() noexcept {
    const gil locked;
    if (!call_method(driver_, "remove_reader", "O", reader_.get())) PyErr_Clear();
    interloop::renew_epoll(all_->epoll);
    if (!add_reader()) report_unraisable(driver_);
  }

  [[nodiscard]] PyObject* native() const noexcept { return native_; }
  // The same, or null if it is of another kind.
  [[nodiscard]] PyObject* asyncio_loop() const noexcept { return on_soon_ ? native_ : nullptr; }
  // From here on the Python loop may close first, and then it closes this one.
  void do_not_keep_native() noexcept { kept_ = object(); }
  [[nodiscard]] const object& driver() const noexcept { return driver_; }

 private:
  void open_epoll() {
    waker_.emplace("python_loop");
    all_ = std::make_shared<watched_fds>();
    all_->epoll = ::epoll_create1(EPOLL_CLOEXEC);
    all_->port = this;
    epoll_event event{};
    event.events = EPOLLIN;
    if (all_->epoll < 0 || ::epoll_ctl(all_->epoll, EPOLL_CTL_ADD, waker_->get(), &event) != 0) {
      const std::string reason = std::strerror(errno);
      close_epoll();
      throw usage_error("python_loop: cannot create an epoll instance for its descriptors (" + reason +
                        "); close some, or raise the limit (ulimit -n)");
    }
    if (flag(driver_, "has_soon")) {
      on_soon_ = object(python::make_function([self = self_](PyObject*) {
        if (!*self) return;
        const python::puts_off until_end((*self)->asyncio_loop());
        (*self)->turn();
      }));
      if (!on_soon_) throw_error("python_loop");
    }
    on_ready_ = object(python::make_function([all = all_](PyObject*) {
      const python::puts_off until_end(all->port ? all->port->asyncio_loop() : nullptr);
      dispatch(*all);
    }));
    if (on_ready_ && add_reader()) return;
    close_epoll();
    throw_error("python_loop");
  }

  bool add_reader() noexcept {
    reader_ = call_method(driver_, "add_reader", "iO", all_->epoll, on_ready_.get());
    if (!reader_ || !on_soon_) return static_cast<bool>(reader_);
    const object context = python::attribute(driver_, "context");
    soon_context_ = object(context ? PyWeakref_NewRef(context.get(), nullptr) : nullptr);
    return static_cast<bool>(soon_context_);
  }

  void close_epoll() noexcept {
    waker_.reset();
    if (!all_) return;
    all_->port = nullptr;
    if (all_->epoll >= 0) ::close(std::exchange(all_->epoll, -1));
  }

  // Any of the callbacks may close the loop, or end the watch that a later event belongs to.
  static void dispatch(watched_fds& all) {
    std::array<epoll_event, 64> events{};
    if (all.epoll < 0) return;
    if (all.states.empty()) return all.port->on_wake();  // nothing else can be ready
    const int count = ::epoll_wait(all.epoll, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count && all.port; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const std::uint64_t number = event.data.u64;  // packed: no reference may be bound to it
      if (number == 0) {
        all.port->on_wake();
        continue;
      }
      const auto found = all.states.find(number);
      if (found == all.states.end()) continue;
      found->second->ready(ready_in(static_cast<int>(event.events)));
    }
  }

  // In the thread where an asyncio loop runs, the loop's own queue saves three system calls.
  bool wake_in_loop() noexcept {
    if (!on_soon_ || !Py_IsInitialized() || !python::holds_gil()) return false;
    if (calls_ > 0) return wanted_ = true;
    const error_kept before;
    const object running = python::running_asyncio_loop();
    if (!running || running.get() != native_) return false;
    return in_python([&] { return python::call_soon(native_, on_soon_.get(), soon_context_.get()); }) > 0;
  }

  void on_wake() {
    if (waker_) waker_->take();
    wake_call_ = object();
    woken_.exchange(false, std::memory_order_acq_rel);  // before the turn: later wake-ups count again
    turn();
  }

  void release() noexcept {
    *self_ = nullptr;
    if (!driver_ || !Py_IsInitialized()) return;
    const gil locked;
    clear_alarm();
    if (wake_call_ && !call_method(driver_, "cancel", "O", wake_call_.get())) report_unraisable(driver_);
    wake_call_ = object();
    if (reader_ && all_->usable() && !call_method(driver_, "remove_reader", "O", reader_.get()))
      PyErr_Clear();  // the Python loop has closed first
    close_epoll();
    reader_ = object();
    on_ready_ = object();
    on_soon_ = object();
    soon_context_ = object();
    driver_ = object();
  }

  PyObject* native_;  // exists as long as this is open
  object kept_;       // the same, or none
  object driver_;     // does not keep the native loop alive
  object on_alarm_;
  object on_wake_;
  object on_ready_;
  object on_soon_;       // only of asyncio loops
  object soon_context_;  // refers to the context that it is called in, which the Python loop keeps
  int calls_ = 0;        // `native_call`s that are under way; guarded by the GIL, and so is the next
  bool wanted_ = false;  // a turn, when they are over
  object reader_;
  object alarm_;
  object wake_call_;                                                           // only for a clock; guarded by the GIL
  std::shared_ptr<python_port*> self_ = std::make_shared<python_port*>(this);  // null once released, for late calls
  std::optional<wake_fd> waker_;                                               // only if the loop watches descriptors
  std::atomic<bool> woken_{false};                                             // of a clock
  std::shared_ptr<watched_fds> all_;                                           // null: the loop is only a clock
  bool steady_ = true;
};

void python_watch::lost() noexcept {
  if (in_epoll_ && all_->usable()) all_->port->renew_epoll();
}

// A loop that `current_loop` has made. It does not keep the Python loop alive: if nobody closes that, it is collected.
struct made_loop {
  std::unique_ptr<python_loop> loop;
  object gone;  // a weak reference to the Python loop, which reports that loop's end
};

// The made loops, by Python loop. Guarded by the GIL; each is kept until its Python loop ends.
std::unordered_map<PyObject*, made_loop>& made_loops() {
  static auto& loops = *new std::unordered_map<PyObject*, made_loop>;
  return loops;
}

void close_made(PyObject* native) {
  auto& all = made_loops();
  const auto found = all.find(native);
  if (found == all.end()) return;
  const made_loop last = std::move(found->second);
  all.erase(found);
  (*last.loop)->close();
}

// Closes the loops whose Python loop was closed without shutting down first: a bare `loop.close()` notifies nobody. So
// a program that makes one asyncio loop after another keeps at most the descriptors of the last one.
void close_those_that_have_ended() {
  auto& all = made_loops();
  std::vector<object> natives;  // the calls below run Python code, during which other threads may change the map
  natives.reserve(all.size());
  for (const auto& [native, made] : all) natives.push_back(object::borrow(native));
  for (const object& native : natives) {
    const auto asked = all.find(native.get());
    if (asked == all.end() || (*asked->second.loop)->closed()) continue;
    const auto& port = python_port::of(**asked->second.loop);
    const object driver = object::borrow(port.driver().get());
    if (flag(driver, "ended")) close_made(native.get());
  }
}

void report_failure(const object& driver, std::string_view context, const failure& why) {
  const gil locked;
  const object where = text_of(context), text = text_of(failure_format_traceback(why));
  if (!where || !text || !call_method(driver, "report", "OO", where.get(), text.get())) report_unraisable(driver);
}

}  // namespace

python_loop::python_loop(PyObject* native) : loop_owner(std::make_unique<python_port>(native)) {
  loop& core = **this;
  const auto& port = python_port::of(core);
  core.set_exception_handler(
      [driver = object::borrow(port.driver().get())](std::string_view context, const failure& why) {
        report_failure(driver, context, why);
      });
}

loop& use_python(PyObject* native) {
  return select_loop("python", native, [native] { return loop_owner(python_loop(native)); });
}

bool using_python() noexcept { return loop_selected("python"); }

python::puts_off::puts_off(PyObject* native) : begun_(native && in_python([native] { return put_off(native); })) {}

python::puts_off::~puts_off() {
  if (begun_) in_python([] { return call_put_off(); });
}

python::native_call::native_call(const loop& core) : queue_(native_of(core)), port_(python_port::begin_call(core)) {}

python::native_call::~native_call() {
  if (port_) python_port::end_call(*std::static_pointer_cast<python_port*>(port_));
}

PyObject* python::native_of(const loop& core) noexcept {
  if (core.closed() || core.name() != "python") return nullptr;
  return python_port::of(core).native();
}

namespace {

// As `current` of `interloop/_loops.py`; without Python code unless a reactor may run here.
object current_native() {
  static PyObject *current = nullptr, *reactor = nullptr;
  object running = python::running_asyncio_loop();
  if (!running) return running;
  if (running.get() != Py_None &&
      !PyDict_Contains(PyImport_GetModuleDict(), python::interned(reactor, "twisted.internet.reactor")))
    return running;
  if (!python::import_once(current, "interloop._loops", "current")) return object();
  return python::from_python([] { return PyObject_CallNoArgs(current); });
}

}  // namespace

loop& python::current_loop() {
  const gil locked;
  const object native = current_native();
  if (!native) throw_error("current_loop");
  auto& loops = made_loops();
  const auto found = loops.find(native.get());
  if (found != loops.end() && !(*found->second.loop)->closed()) return **found->second.loop;
  close_those_that_have_ended();
  auto made = std::make_unique<python_loop>(native.get());
  loop& core = **made;
  // The loop is closed at the first sign of the Python loop's end, so another loop at the same address is not mistaken
  // for it.
  const object ended(make_function([key = native.get()](PyObject*) { close_made(key); }));
  auto& port = python_port::of(core);
  if (!ended || !call_method(port.driver(), "when_ended", "O", ended.get())) throw_error("current_loop");
  object gone(PyWeakref_NewRef(native.get(), ended.get()));
  if (gone) {
    port.do_not_keep_native();
  } else {
    PyErr_Clear();  // it cannot be referred to weakly
  }
  loops.insert_or_assign(native.get(), made_loop{std::move(made), std::move(gone)});
  return core;
}

}  // namespace interloop
