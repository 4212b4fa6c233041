// SPDX-License-Identifier: MIT
//
// A GSource for wake-ups, which checks the core before every sleep; one for the alarm, driven by its ready time; one
// per descriptor. The first two may recurse, so that a dialog's nested loop inside a callback is served too. The ready
// time is not used for wake-ups, because setting and clearing it writes to GLib's eventfd, which makes GLib poll once
// more.
#include <interloop/adapters/glib.hpp>

#include <interloop/detail/loop_access.hpp>
#include <interloop/error.hpp>
#include <interloop/loop.hpp>
#include <interloop/loop_port.hpp>
#include <interloop/poll_events.hpp>
#include <interloop/require_descriptors.hpp>
#include <interloop/select.hpp>

#include <glib-unix.h>
#include <glib.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

namespace interloop {
namespace {

static_assert(int{G_IO_IN} == POLLIN && int{G_IO_OUT} == POLLOUT && int{G_IO_ERR} == POLLERR &&
              int{G_IO_HUP} == POLLHUP);

class glib_port;
class glib_watch;

// A GSource that knows its C++ object. GLib owns the memory; `owner` is null once the object is destroyed.
template <class Owner>
struct owned_source {
  GSource base;
  Owner* owner;
};

template <class Owner>
Owner* owner_of(GSource* source) {
  return reinterpret_cast<owned_source<Owner>*>(source)->owner;
}

template <class Owner>
GSource* make_source(GSourceFuncs& functions, Owner& owner, const char* name) {
  GSource* source = g_source_new(&functions, sizeof(owned_source<Owner>));
  reinterpret_cast<owned_source<Owner>*>(source)->owner = &owner;
  g_source_set_static_name(source, name);
  return source;
}

template <class Owner>
void drop_source(GSource*& source) {
  if (!source) return;
  reinterpret_cast<owned_source<Owner>*>(source)->owner = nullptr;
  g_source_destroy(source);
  g_source_unref(source);
  source = nullptr;
}

class glib_watch final : public port_watch {
 public:
  glib_watch(GMainContext* native, int fd, interest wanted, watched_fd& watched)
      : watched_(watched), fd_(fd), source_(make_source<glib_watch>(functions, *this, "interloop watch")) {
    set_interest(wanted);
    g_source_attach(source_, native);
  }
  ~glib_watch() override { drop_source<glib_watch>(source_); }

  void set_interest(interest wanted) override {
    if (wanted == interest::none) {  // poll() keeps reporting hang-ups even if not asked
      if (tag_) g_source_remove_unix_fd(source_, std::exchange(tag_, nullptr));
    } else if (tag_) {
      g_source_modify_unix_fd(source_, tag_, condition_of(wanted));
    } else {
      tag_ = g_source_add_unix_fd(source_, fd_, condition_of(wanted));
    }
  }

 private:
  static GIOCondition condition_of(interest wanted) { return static_cast<GIOCondition>(poll_events(wanted)); }

  static gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
    glib_watch* self = owner_of<glib_watch>(source);
    if (!self) return G_SOURCE_REMOVE;
    if (!self->tag_) return G_SOURCE_CONTINUE;  // paused after it was found ready
    const int seen = g_source_query_unix_fd(source, self->tag_);
    if (seen & G_IO_NVAL) {  // closed; GLib would report it again at once
      self->watched_.lost();
      return G_SOURCE_CONTINUE;
    }
    if (const interest ready = ready_in(seen); ready != interest::none)
      self->watched_.ready(ready);  // may destroy the watch
    return G_SOURCE_CONTINUE;
  }

  static inline GSourceFuncs functions{nullptr, nullptr, &dispatch, nullptr, nullptr, nullptr};

  watched_fd& watched_;
  int fd_;
  GSource* source_;
  gpointer tag_ = nullptr;  // null while paused
};

// GLib ends the process if it cannot get a descriptor for a context's wake-ups.
void require_context() { require_descriptors(2, "glib: cannot create a context"); }

GMainContext* default_context() {
  require_context();  // it may be made now
  return g_main_context_default();
}

class glib_port final : public loop_port {
 public:
  explicit glib_port(GMainContext* native)
      : native_(g_main_context_ref(native ? native : default_context())),
        waker_(make_source<glib_port>(wake_functions, *this, "interloop wake")),
        alarm_(make_source<glib_port>(alarm_functions, *this, "interloop alarm")) {
    for (GSource* each : {waker_, alarm_}) {
      g_source_set_can_recurse(each, TRUE);
      g_source_attach(each, native_);
    }
  }
  ~glib_port() override {
    close(nullptr);
    g_main_context_unref(native_);
  }

  /// The context of a loop, or null if the loop is not on one.
  static GMainContext* context_of(const loop& core) noexcept {
    const auto* const port = dynamic_cast<const glib_port*>(&port_of(core));
    return port ? port->native_ : nullptr;
  }

  std::string_view name() const noexcept override { return "glib"; }

  void wake() noexcept override {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    // GLib calls `look` before it polls. Waking it from a poll costs system calls, here and in the loop's thread.
    if (!g_main_context_is_owner(native_) || asked_) g_main_context_wakeup(native_);
  }

  void set_alarm(time_point when) override {
    // Both clocks are CLOCK_MONOTONIC; GLib's counts microseconds.
    const auto at = std::chrono::ceil<std::chrono::microseconds>(when.time_since_epoch());
    g_source_set_ready_time(alarm_, std::max<gint64>(0, at.count()));
  }
  void clear_alarm() noexcept override { g_source_set_ready_time(alarm_, -1); }

  std::unique_ptr<port_watch> watch(int fd, interest wanted, watched_fd& watched) override {
    return std::make_unique<glib_watch>(native_, fd, wanted, watched);
  }

  bool in_loop_thread() const noexcept override { return g_main_context_is_owner(native_); }
  thread_knowledge knowledge() const noexcept override { return thread_knowledge::exact; }

  void run() override {
    GMainLoop* running = g_main_loop_new(native_, FALSE);
    running_ = running;
    g_main_loop_run(running);
    running_ = nullptr;
    g_main_loop_unref(running);
  }
  void stop() noexcept override {
    if (running_) g_main_loop_quit(running_);
  }

  void close(function<void()> released) noexcept override {
    drop_source<glib_port>(waker_);
    drop_source<glib_port>(alarm_);
    if (released) released();
  }

 private:
  // `look` is called before GLib polls, `look_again` after. In a nested run there was no wake-up for what the
  // interrupted turn still has queued, or for its alarm.
  static gboolean look(GSource* source, gint* timeout) {
    *timeout = -1;
    glib_port* self = owner_of<glib_port>(source);
    if (self) self->asked_ = true;
    return self && self->has_turn();
  }
  static gboolean look_again(GSource* source) {
    glib_port* self = owner_of<glib_port>(source);
    if (self) self->asked_ = false;
    return self && self->has_turn();
  }
  [[nodiscard]] bool has_turn() const noexcept { return woken_.load(std::memory_order_acquire) || needs_turn(); }

  static gboolean on_wake(GSource* source, GSourceFunc, gpointer) {
    if (glib_port* self = owner_of<glib_port>(source)) {
      self->asked_ = false;
      self->woken_.exchange(false, std::memory_order_acq_rel);
      self->turn();
    }
    return G_SOURCE_CONTINUE;
  }
  static gboolean on_alarm(GSource* source, GSourceFunc, gpointer) {
    g_source_set_ready_time(source, -1);
    if (glib_port* self = owner_of<glib_port>(source)) self->alarm();
    return G_SOURCE_CONTINUE;
  }

  static inline GSourceFuncs wake_functions{&look, &look_again, &on_wake, nullptr, nullptr, nullptr};
  static inline GSourceFuncs alarm_functions{nullptr, nullptr, &on_alarm, nullptr, nullptr, nullptr};

  GMainContext* native_;
  GSource* waker_;
  GSource* alarm_;
  GMainLoop* running_ = nullptr;
  std::atomic<bool> woken_{false};
  bool asked_ = false;  // GLib has called `look`, and may be about to poll; the loop's thread only
};

riding own() {
  require_context();
  std::shared_ptr<GMainContext> native(g_main_context_new(), &g_main_context_unref);
  auto port = std::make_unique<glib_port>(native.get());
  return {std::move(port), std::move(native)};
}

}  // namespace

glib_loop::glib_loop() : loop_owner(own()) {}

glib_loop::glib_loop(GMainContext* native) : loop_owner(std::make_unique<glib_port>(native)) {}

loop& use_glib(GMainContext* native) {
  const void* identity = native ? native : default_context();
  return select_loop("glib", identity, [native] { return loop_owner(glib_loop(native)); });
}

bool using_glib() noexcept { return loop_selected("glib"); }

GMainContext* glib_context(loop& core) {
  detail::loop_access::require_open(core, "glib_context");
  if (GMainContext* const native = glib_port::context_of(core)) return native;
  throw usage_error("glib_context: this loop is on " + std::string(core.name()) +
                    ", not on a GMainContext; use one of use_glib() or glib_loop");
}

}  // namespace interloop
