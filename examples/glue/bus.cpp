// SPDX-License-Identifier: MIT
#include "bus.hpp"

#include <dbus/dbus.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace glued {

using interloop::interest;

namespace {

interest wanted_by(DBusWatch* watch) {
  if (!dbus_watch_get_enabled(watch)) return interest::none;
  const unsigned flags = dbus_watch_get_flags(watch);
  return (flags & DBUS_WATCH_READABLE ? interest::read : interest::none) |
         (flags & DBUS_WATCH_WRITABLE ? interest::write : interest::none);
}

unsigned flags_of(interest ready) {
  return (has(ready, interest::read) ? unsigned{DBUS_WATCH_READABLE} : 0U) |
         (has(ready, interest::write) ? unsigned{DBUS_WATCH_WRITABLE} : 0U);
}

using message = std::unique_ptr<DBusMessage, decltype([](DBusMessage* it) { dbus_message_unref(it); })>;

std::string text_in(DBusMessage* from) {
  const char* text = "";
  dbus_message_get_args(from, nullptr, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
  return text;
}

}  // namespace

struct bus::hooks {
  static bus& of(void* self) { return *static_cast<bus*>(self); }

  static dbus_bool_t watch(DBusWatch* watch, void* self) {
    of(self).glue_.want(dbus_watch_get_unix_fd(watch), wanted_by(watch), watch);
    return TRUE;
  }
  static void toggle_watch(DBusWatch* changed, void* self) { watch(changed, self); }
  static void remove_watch(DBusWatch* watch, void* self) {
    of(self).glue_.forget(dbus_watch_get_unix_fd(watch), watch);
  }
  static dbus_bool_t add_timeout(DBusTimeout* timeout, void* self) { return of(self).set_timeout(timeout), TRUE; }
  static void toggle_timeout(DBusTimeout* timeout, void* self) { of(self).set_timeout(timeout); }
  static void remove_timeout(DBusTimeout* timeout, void* self) { of(self).timeouts_.erase(timeout); }

  static DBusHandlerResult echo(DBusConnection* connection, DBusMessage* got, void*) {
    if (dbus_message_get_type(got) != DBUS_MESSAGE_TYPE_METHOD_CALL) return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    const message answer(dbus_message_new_method_return(got));
    const std::string text = text_in(got);
    const char* const raw = text.c_str();
    dbus_message_append_args(answer.get(), DBUS_TYPE_STRING, &raw, DBUS_TYPE_INVALID);
    dbus_connection_send(connection, answer.get(), nullptr);
    return DBUS_HANDLER_RESULT_HANDLED;
  }

  static void answered(DBusPendingCall* pending, void* data) {
    const interloop::future<std::string>& result = *static_cast<interloop::future<std::string>*>(data);
    const message answer(dbus_pending_call_steal_reply(pending));
    if (interloop::is_called(result)) return;  // the caller has cancelled it
    if (dbus_message_get_type(answer.get()) == DBUS_MESSAGE_TYPE_ERROR) {
      interloop::reject(result, interloop::error(std::string(dbus_message_get_error_name(answer.get())) + ": " +
                                                 text_in(answer.get())));
    } else {
      interloop::resolve(result, text_in(answer.get()));
    }
  }
};

bus::bus(interloop::api on, const std::string& address)
    : loop_(on),
      glue_(on, {.ready = [](int, interest ready,
                             void* watch) { dbus_watch_handle(static_cast<DBusWatch*>(watch), flags_of(ready)); },
                 .expired = [this] { on_deadline(); },
                 .drain =
                     [this] {
                       if (dbus_connection_get_dispatch_status(connection_) != DBUS_DISPATCH_DATA_REMAINS) return false;
                       dbus_connection_dispatch(connection_);
                       return true;
                     },
                 .ask_deadline =
                     [this] {
                       const auto first = std::min_element(timeouts_.begin(), timeouts_.end(),
                                                           [](auto& a, auto& b) { return a.second < b.second; });
                       if (first != timeouts_.end()) glue_.deadline_in(first->second - loop_.loop().now());
                     }}) {
  DBusError failed = DBUS_ERROR_INIT;
  glue_.call([&] {
    connection_ = dbus_connection_open_private(address.c_str(), &failed);
    if (!connection_) return;
    dbus_connection_set_exit_on_disconnect(connection_, FALSE);
    dbus_connection_set_watch_functions(connection_, hooks::watch, hooks::remove_watch, hooks::toggle_watch, this,
                                        nullptr);
    dbus_connection_set_timeout_functions(connection_, hooks::add_timeout, hooks::remove_timeout, hooks::toggle_timeout,
                                          this, nullptr);
    dbus_bus_register(connection_, &failed);  // reads by itself, and keeps what it does not wait for
  });
  if (!dbus_error_is_set(&failed)) return;
  const std::string what = failed.message;
  dbus_error_free(&failed);
  glue_.end();
  throw interloop::error(what);
}

bus::~bus() {
  glue_.end();
  dbus_connection_close(connection_);
  dbus_connection_unref(connection_);
}

// A timeout repeats until it is disabled or removed.
void bus::set_timeout(DBusTimeout* timeout) {
  timeouts_.erase(timeout);
  if (!dbus_timeout_get_enabled(timeout)) return;
  timeouts_[timeout] = loop_.loop().after(std::chrono::milliseconds(dbus_timeout_get_interval(timeout)));
}

void bus::on_deadline() {
  const interloop::time_point now = loop_.loop().now();
  for (;;) {
    const auto due = std::find_if(timeouts_.begin(), timeouts_.end(), [&](auto& each) { return each.second <= now; });
    if (due == timeouts_.end()) return;
    DBusTimeout* const timeout = due->first;
    due->second =
        now + std::max(std::chrono::milliseconds(dbus_timeout_get_interval(timeout)), std::chrono::milliseconds(1));
    dbus_timeout_handle(timeout);  // may remove it, and others
  }
}

interloop::future<std::string> bus::call(const std::string& service, const std::string& method,
                                         const std::string& argument, interloop::duration limit) {
  const message question(dbus_message_new_method_call(service.c_str(), "/", nullptr, method.c_str()));
  const char* const text = argument.c_str();
  if (!argument.empty()) dbus_message_append_args(question.get(), DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
  const int milliseconds = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
  auto result = loop_.create_future<std::string>();
  glue_.call([&] {
    DBusPendingCall* pending = nullptr;
    if (!dbus_connection_send_with_reply(connection_, question.get(), &pending, milliseconds) || !pending)
      throw interloop::error("the connection to the bus is closed");
    dbus_pending_call_set_notify(pending, hooks::answered, new auto(result),
                                 [](void* data) { delete static_cast<interloop::future<std::string>*>(data); });
    dbus_pending_call_unref(pending);
  });
  return result;
}

void bus::serve_echo() {
  glue_.call([&] { dbus_connection_add_filter(connection_, hooks::echo, nullptr, nullptr); });
}

std::string bus::name() const { return dbus_bus_get_unique_name(connection_); }

}  // namespace glued
