// SPDX-License-Identifier: MIT
// GLib as tests and benchmarks drive it: a GMainContext with interloop on it.
#pragma once

#include <interloop/adapters/glib.hpp>
#include <interloop/loop.hpp>
#include <interloop/testing/conformance.hpp>

#include <glib-unix.h>
#include <glib.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace interloop::test {

class on_glib final : public testing::conformance::native_loop {
 public:
  /// \param context  taken over; null: the default one.
  explicit on_glib(GMainContext* context = g_main_context_new())
      : native(context),
        kept_(context,
              [](GMainContext* made) {
                if (made) g_main_context_unref(made);
              }),
        owner_(std::in_place, context) {}
  ~on_glib() override {
    owner_.reset();
    case_.reset();
    while (g_main_context_iteration(native, FALSE)) continue;
  }

  loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }
  bool make_owner() override {
    owner_.emplace(native);
    return true;
  }

  bool run_until(const std::function<bool()>& done, duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    GSource* tick = g_timeout_source_new(2);  // an iteration lasts no longer
    g_source_set_callback(tick, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr, nullptr);
    g_source_set_can_recurse(tick, TRUE);
    g_source_attach(tick, native);
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) g_main_context_iteration(native, TRUE);
    g_source_destroy(tick);
    g_source_unref(tick);
    return is_done;
  }

  void call_native(std::function<void()> fn) override {
    native_post([fn = std::move(fn), wanted = std::weak_ptr<void>(case_)] {
      if (!wanted.expired()) fn();
    });
  }

  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    GSource* source = g_unix_fd_source_new(fd, G_IO_IN);
    const GUnixFDSourceFunc call = [](int, GIOCondition, gpointer fn) -> gboolean {
      (*static_cast<std::function<void()>*>(fn))();
      return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(source, G_SOURCE_FUNC(call), new std::function<void()>(std::move(on_readable)),
                          [](gpointer fn) { delete static_cast<std::function<void()>*>(fn); });
    g_source_attach(source, native);
    return {source, [](GSource* mine) {
              g_source_destroy(mine);
              g_source_unref(mine);
            }};
  }

  /// The native loop's own way to call a function soon, the cheapest that it has.
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
  /// For benchmarks: until nothing is left to do.
  void run() {
    while (g_main_context_iteration(native, FALSE)) continue;
  }

  GMainContext* const native;

 private:
  std::unique_ptr<GMainContext, void (*)(GMainContext*)> kept_;
  std::optional<glib_loop> owner_;
  std::shared_ptr<int> case_ = std::make_shared<int>();
};

/// The kinds that benchmarks run on, by name.
template <class Visit>
void visit_glib(Visit visit) {
  visit.template operator()<on_glib>("glib");
}

}  // namespace interloop::test
