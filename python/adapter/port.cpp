// SPDX-License-Identifier: MIT
//
// The port asks a driver, a Python object that knows one kind of loop (`interloop/_loops.py`). Only a wake-up does not:
// it writes to an eventfd that the driver has the loop watch, so threads without the GIL can wake. A loop that watches
// nothing (`task.Clock`) is woken by a call of no delay, under the GIL.
#include "gil.hpp"

#include <interloop/adapters/python.hpp>
#include <interloop/error.hpp>
#include <interloop/python_bridge.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_map>

namespace interloop {
namespace {

using python::gil;
using python::object;

// The Python exception that is set, as one sentence; none is set afterwards.
std::string sentence_of_error() {
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  const object first(type), second(value), third(traceback);
  const object text(value ? PyObject_Str(value) : nullptr);
  const char* words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  std::string sentence = value ? Py_TYPE(value)->tp_name : "an unknown error";
  if (words && *words) sentence += std::string(": ") + words;
  PyErr_Clear();
  return sentence;
}

[[noreturn]] void throw_error(const std::string& context) { throw usage_error(context + ": " + sentence_of_error()); }

template <class... Args>
object ask(const object& driver, const char* method, const char* format, Args... args) {
  return object(PyObject_CallMethod(driver.get(), method, format, args...));
}

bool flag(const object& driver, const char* name) {
  const object value(PyObject_GetAttrString(driver.get(), name));
  const bool is_true = value && PyObject_IsTrue(value.get()) == 1;
  PyErr_Clear();
  return is_true;
}

// An exception of the loop's own has nowhere to go from here; sys.unraisablehook shows it.
void report_unraisable(const object& driver) {
  if (PyErr_Occurred()) PyErr_WriteUnraisable(driver.get());
}

class python_watch final : public port_watch {
 public:
  python_watch(const object& driver, int fd, interest wanted, detail::watch_state& state)
      : driver_(object::borrow(driver.get())) {
    const object read(python::make_function([&state](PyObject*) { state.ready(interest::read); }));
    const object write(python::make_function([&state](PyObject*) { state.ready(interest::write); }));
    if (read && write) watch_ = ask(driver, "watch", "iOO", fd, read.get(), write.get());
    if (!watch_) throw_error("watch");
    set_interest(wanted);
  }
  ~python_watch() override {
    const gil locked;
    if (!ask(watch_, "set", "ii", 0, 0)) PyErr_Clear();  // the Python loop has gone first
  }

  void set_interest(interest wanted) override {
    const gil locked;
    if (!ask(watch_, "set", "ii", has(wanted, interest::read), has(wanted, interest::write))) throw_error("watch");
  }

 private:
  object driver_;
  object watch_;
};

class python_port final : public loop_port {
 public:
  explicit python_port(PyObject* native) : native_(object::borrow(native)) {
    const object module(PyImport_ImportModule("interloop._loops"));
    if (module) driver_ = object(PyObject_CallMethod(module.get(), "driver_of", "O", native));
    if (!driver_) throw_error("python_loop");
    on_alarm_ = object(python::make_function([this](PyObject*) {
      alarm_ = object();
      core().alarm();
    }));
    on_wake_ = object(python::make_function([this](PyObject*) { on_wake(); }));
    if (!on_alarm_ || !on_wake_) throw_error("python_loop");
    steady_ = flag(driver_, "steady");
    if (!flag(driver_, "watches")) return;
    eventfd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (eventfd_ < 0) throw usage_error("python_loop: no descriptors are left for its wake-ups; close some");
    const object never(python::make_function([](PyObject*) {}));
    if (never) waker_ = ask(driver_, "watch", "iOO", eventfd_, on_wake_.get(), never.get());
    if (!waker_ || !ask(waker_, "set", "ii", 1, 0)) {
      ::close(eventfd_);
      throw_error("python_loop");
    }
  }
  ~python_port() override { release(); }

  std::string_view name() const noexcept override { return "python"; }

  void wake() noexcept override {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    if (eventfd_ >= 0) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof(one));  // never full: one is under way
      return;
    }
    const gil locked;
    if (!ask(driver_, "call_later", "dO", 0.0, on_wake_.get())) report_unraisable(driver_);
  }

  void set_alarm(time_point when) override {
    const gil locked;
    clear_alarm();
    const std::chrono::duration<double> delay = when - now();
    alarm_ = ask(driver_, "call_later", "dO", std::max(0.0, delay.count()), on_alarm_.get());
    if (!alarm_) throw_error("set_alarm");
  }
  void clear_alarm() noexcept override {
    if (!alarm_) return;
    const gil locked;
    if (!ask(driver_, "cancel", "O", alarm_.get())) report_unraisable(driver_);
    alarm_ = object();
  }

  time_point now() const noexcept override {
    if (steady_ || !driver_) return std::chrono::steady_clock::now();
    const gil locked;
    const object seconds = ask(driver_, "now", nullptr);
    const double value = seconds ? PyFloat_AsDouble(seconds.get()) : 0;
    if (PyErr_Occurred()) report_unraisable(driver_);
    return time_point(duration(std::llround(value * 1e9)));
  }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, detail::watch_state& state) override {
    const gil locked;
    if (eventfd_ < 0) throw usage_error("watch: this Python loop is a clock only and watches no descriptors");
    return std::make_unique<python_watch>(driver_, fd, wanted, state);
  }

  void run() override {
    const gil locked;
    if (!ask(driver_, "run", nullptr)) throw_error("run");
  }
  void stop() noexcept override {
    const gil locked;
    if (!ask(driver_, "stop", nullptr)) PyErr_Clear();  // it does not run
  }

  void close(function<void()> released) noexcept override {
    release();
    if (released) released();
  }

  [[nodiscard]] PyObject* native() const noexcept { return native_.get(); }
  [[nodiscard]] const object& driver() const noexcept { return driver_; }

 private:
  void on_wake() {
    if (eventfd_ >= 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(eventfd_, &count, sizeof(count));
    }
    woken_.store(false, std::memory_order_release);  // before the turn, so that what comes during it wakes again
    core().turn();
  }

  void release() noexcept {
    if (!driver_ || !Py_IsInitialized()) return;
    const gil locked;
    clear_alarm();
    if (waker_ && !ask(waker_, "set", "ii", 0, 0)) PyErr_Clear();
    if (eventfd_ >= 0) ::close(std::exchange(eventfd_, -1));
    waker_ = object();
    driver_ = object();
  }

  object native_;
  object driver_;
  object on_alarm_;
  object on_wake_;
  object waker_;
  object alarm_;
  int eventfd_ = -1;
  bool steady_ = true;
  std::atomic<bool> woken_{false};
};

// The loops that `current_loop` has made, by the Python loop. Guarded by the GIL; kept until that loop ends.
std::unordered_map<PyObject*, std::unique_ptr<python_loop>>& made_loops() {
  static auto& loops = *new std::unordered_map<PyObject*, std::unique_ptr<python_loop>>;
  return loops;
}

void report_failure(const object& driver, std::string_view context, const failure& why) {
  const gil locked;
  const std::string text = failure_format_traceback(why);
  if (!ask(driver, "report", "s#s#", context.data(), static_cast<Py_ssize_t>(context.size()), text.data(),
           static_cast<Py_ssize_t>(text.size())))
    report_unraisable(driver);
}

}  // namespace

python_loop::python_loop(PyObject* native) : loop_owner(std::make_unique<python_port>(native)) {
  loop& core = **this;
  const auto& port = static_cast<const python_port&>(core.port());
  core.set_exception_handler(
      [driver = object::borrow(port.driver().get())](std::string_view context, const failure& why) {
        report_failure(driver, context, why);
      });
}

loop& use_python(PyObject* native) {
  return detail::select("python", native, [native] { return loop_owner(python_loop(native)); });
}

bool using_python() noexcept { return detail::using_loop("python"); }

PyObject* python::native_of(const loop& core) noexcept {
  if (core.closed() || core.name() != "python") return nullptr;
  return static_cast<const python_port&>(core.port()).native();
}

loop& python::current_loop() {
  const gil locked;
  const object module(PyImport_ImportModule("interloop._loops"));
  const object native(module ? PyObject_CallMethod(module.get(), "current", nullptr) : nullptr);
  if (!native) throw_error("current_loop");
  auto& loops = made_loops();
  const auto found = loops.find(native.get());
  if (found != loops.end() && !(*found->second)->closed()) return **found->second;
  auto made = std::make_unique<python_loop>(native.get());
  loop& core = **made;
  // The Python loop is told by reference count, which the port holds, so its address stays its own until it ends.
  const object ended(make_function([key = native.get()](PyObject*) {
    auto& all = made_loops();
    const auto at = all.find(key);
    if (at == all.end()) return;
    const auto last = std::move(at->second);
    all.erase(at);
    (*last)->close();
  }));
  const auto& port = static_cast<const python_port&>(core.port());
  if (!ended || !ask(port.driver(), "when_ended", "O", ended.get())) throw_error("current_loop");
  loops[native.get()] = std::move(made);
  return core;
}

}  // namespace interloop
