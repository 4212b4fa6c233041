// SPDX-License-Identifier: MIT
// The loops that benchmarks run on. Each has its native loop, interloop on it, the native loop's own way of running a
// function later (the cheapest that it has), and `run`, which ends when there is nothing left to do.
#pragma once

#include <interloop/adapters/asio.hpp>
#include <interloop/adapters/glib.hpp>
#include <interloop/adapters/libuv.hpp>
#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>

#include <glib.h>
#include <uv.h>
#include <asio.hpp>

#include <utility>

namespace bench {

/// How many things happen in one turn where not one alone does.
inline constexpr int batch = 1000;

/// Asio is at its fastest with the concurrency hint 1 and inside a handler, so that is how it is measured everywhere.
struct on_asio {
  asio::io_context native{1};
  interloop::asio_loop loop{native};
  template <class F>
  void native_post(F&& fn) {
    asio::post(native, std::forward<F>(fn));
  }
  void run() {
    native.restart();
    native.run();
  }
};

struct on_asio_one_thread {
  asio::io_context native{1};
  interloop::asio_loop loop{native, interloop::one_thread};
  template <class F>
  void native_post(F&& fn) {
    asio::post(native, std::forward<F>(fn));
  }
  void run() {
    native.restart();
    native.run();
  }
};

/// libuv has no post. The least that it can be woken with from its own thread is an idle handle, started and stopped.
struct on_libuv {
  uv_loop_t native;
  uv_idle_t idle;
  interloop::libuv_loop loop;
  void (*wake_code)(void*) = nullptr;
  void* wake_context = nullptr;

  on_libuv() : loop((uv_loop_init(&native), &native)) {
    uv_idle_init(&native, &idle);
    idle.data = this;
  }
  on_libuv(const on_libuv&) = delete;
  on_libuv& operator=(const on_libuv&) = delete;
  ~on_libuv() {
    uv_close(reinterpret_cast<uv_handle_t*>(&idle), nullptr);
    loop->close();
    uv_run(&native, UV_RUN_DEFAULT);
    uv_loop_close(&native);
  }
  /// One native wake-up that calls `code(context)`.
  void native_wake(void (*code)(void*), void* context) {
    wake_code = code;
    wake_context = context;
    uv_idle_start(&idle, [](uv_idle_t* self) {
      auto& on = *static_cast<on_libuv*>(self->data);
      uv_idle_stop(self);
      on.wake_code(on.wake_context);
    });
  }
  void run() { uv_run(&native, UV_RUN_DEFAULT); }
};

struct on_glib {
  GMainContext* native = g_main_context_new();
  interloop::glib_loop loop{native};

  on_glib() = default;
  on_glib(const on_glib&) = delete;
  on_glib& operator=(const on_glib&) = delete;
  ~on_glib() { g_main_context_unref(native); }
  template <class F>
  void native_post(F fn) {
    auto* held = new F(std::move(fn));
    GSource* source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
          (*static_cast<F*>(data))();
          return G_SOURCE_REMOVE;
        },
        held, [](gpointer data) { delete static_cast<F*>(data); });
    g_source_attach(source, native);
    g_source_unref(source);
  }
  void run() {
    while (g_main_context_iteration(native, FALSE)) {
    }
  }
};

/// interloop's own test loop: what the core costs with next to nothing below it.
struct on_manual {
  interloop::testing::manual_loop loop;
  void run() { loop.run_ready(); }
};

/// Calls `code(context)` once from the native loop, in the cheapest way.
template <class On>
void wake(On& on, void (*code)(void*), void* context) {
  if constexpr (requires { on.native_wake(code, context); }) {
    on.native_wake(code, context);
  } else if constexpr (requires { on.native_post([code, context] { code(context); }); }) {
    on.native_post([code, context] { code(context); });
  } else {
    on.loop->call_soon([code, context] { code(context); });
  }
}

}  // namespace bench
