// SPDX-License-Identifier: MIT
// One object per kind of loop that this build has, all used the same way: for tests of the core that every loop must
// pass. Link the adapters that are there and define INTERLOOP_TEST_<LOOP> for each, see CMakeLists.txt of the folder.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#if INTERLOOP_TEST_ASIO
#include <interloop/adapters/asio.hpp>
#endif
#if INTERLOOP_TEST_LIBUV
#include <uv.h>
#include <interloop/adapters/libuv.hpp>
#endif
#if INTERLOOP_TEST_GLIB
#include <glib.h>
#include <interloop/adapters/glib.hpp>
#endif

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace interloop::test {

/// A native loop and, from `open` to `close`, an interloop loop on it.
class any_loop {
 public:
  any_loop() = default;
  any_loop(const any_loop&) = delete;
  any_loop& operator=(const any_loop&) = delete;
  virtual ~any_loop() = default;
  /// Makes the loop. May throw what its maker throws; then there is none.
  virtual void open() = 0;
  /// Destroys it and lets the native loop finish what it has to.
  virtual void close() = 0;
  [[nodiscard]] virtual interloop::loop& get() = 0;
};

template <class Owner>
class owned_loop : public any_loop {
 public:
  void close() override { owner_.reset(); }
  interloop::loop& get() override { return **owner_; }

 protected:
  std::optional<Owner> owner_;
};

class manual_under_test final : public owned_loop<testing::manual_loop> {
 public:
  void open() override { owner_.emplace(); }
};

#if INTERLOOP_TEST_ASIO
class asio_under_test final : public owned_loop<asio_loop> {
 public:
  explicit asio_under_test(bool strand) : strand_(strand) {}
  ~asio_under_test() override { owner_.reset(); }
  void open() override {
    if (strand_) {
      owner_.emplace(context_);
    } else {
      owner_.emplace(context_, one_thread);
    }
  }
  void close() override {
    owner_.reset();
    context_.restart();
    context_.poll();
  }

 private:
  bool strand_;
  asio::io_context context_;
};
#endif

#if INTERLOOP_TEST_LIBUV
class libuv_under_test final : public owned_loop<libuv_loop> {
 public:
  libuv_under_test() { uv_loop_init(&native_); }
  ~libuv_under_test() override {
    close();
    uv_loop_close(&native_);
  }
  void open() override { owner_.emplace(&native_); }
  void close() override {
    owner_.reset();
    uv_run(&native_, UV_RUN_DEFAULT);
  }

 private:
  uv_loop_t native_{};
};
#endif

#if INTERLOOP_TEST_GLIB
class glib_under_test final : public owned_loop<glib_loop> {
 public:
  glib_under_test() : native_(g_main_context_new()) {}
  ~glib_under_test() override {
    owner_.reset();
    g_main_context_unref(native_);
  }
  void open() override { owner_.emplace(native_); }

 private:
  GMainContext* native_;
};
#endif

/// The kinds of loop this build has, for parameterised tests.
inline std::vector<std::string> loop_names() {
  return {
      "manual",
#if INTERLOOP_TEST_ASIO
      "asio",   "asio_one_thread",
#endif
#if INTERLOOP_TEST_LIBUV
      "libuv",
#endif
#if INTERLOOP_TEST_GLIB
      "glib",
#endif
  };
}

inline std::unique_ptr<any_loop> make_any_loop(const std::string& name) {
#if INTERLOOP_TEST_ASIO
  if (name == "asio") return std::make_unique<asio_under_test>(true);
  if (name == "asio_one_thread") return std::make_unique<asio_under_test>(false);
#endif
#if INTERLOOP_TEST_LIBUV
  if (name == "libuv") return std::make_unique<libuv_under_test>();
#endif
#if INTERLOOP_TEST_GLIB
  if (name == "glib") return std::make_unique<glib_under_test>();
#endif
  static_cast<void>(name);
  return std::make_unique<manual_under_test>();
}

/// Runs the loop until `done()`: an idle loop is kept, so a `done` that never comes is a test that times out.
template <class Done>
void run_until(interloop::loop& core, Done done) {
  const loop_hold hold = core.hold();
  timer next;
  std::function<void()> check = [&] {
    if (done()) {
      core.stop();
    } else {
      next = core.call_later(std::chrono::milliseconds(1), std::ref(check));
    }
  };
  const auto over = std::make_shared<bool>(false);  // what is queued here may still be when this returns
  core.call_soon([&check, over] {
    if (!*over) check();
  });
  while (!done()) core.run();  // others may stop it too
  *over = true;
  next.cancel();
}

}  // namespace interloop::test
