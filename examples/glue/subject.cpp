// SPDX-License-Identifier: MIT
#include "subject.hpp"

#include <interloop/error.hpp>

#include <nats/nats.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace glued {

using interloop::has;
using interloop::interest;

namespace {

// Reading and writing are switched on and off one by one.
char reading;
char writing;

}  // namespace

struct subject::hooks {
  static natsStatus attach(void** data, void* self, natsConnection*, natsSock socket) {
    *data = self;
    of(self).fd_ = socket;
    of(self).glue_.want(socket, interest::read, &reading);
    return NATS_OK;
  }
  static natsStatus read(void* self, bool on) { return set(of(self), interest::read, &reading, on); }
  static natsStatus write(void* self, bool on) { return set(of(self), interest::write, &writing, on); }
  static natsStatus detach(void* self) {
    of(self).glue_.forget(of(self).fd_, &reading);
    of(self).glue_.forget(of(self).fd_, &writing);
    return NATS_OK;
  }

  static subject& of(void* self) { return *static_cast<subject*>(self); }
  static natsStatus set(subject& self, interest direction, void* party, bool on) {
    // Not a pause: when neither direction is wanted, the library is about to close the descriptor.
    on ? self.glue_.want(self.fd_, direction, party) : self.glue_.forget(self.fd_, party);
    return NATS_OK;
  }

  // Messages come in a thread that may go on after the connection was closed, so they need a way that outlives the glue.
  struct delivery {
    subject& to;
    interloop::glue_remote remote;
  };
  static void deliver(natsConnection*, natsSubscription*, natsMsg* message, void* data) {
    delivery& by = *static_cast<delivery*>(data);
    std::string text(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
    natsMsg_Destroy(message);
    by.remote.post([&to = by.to, text = std::move(text)](interloop::glue&) { to.on_message_(text); });
  }
  static void delivered_all(void* data) { delete static_cast<delivery*>(data); }
};

subject::subject(interloop::loop& on, const std::string& url, std::string name, message_handler on_message)
    : name_(std::move(name)),
      on_message_(std::move(on_message)),
      glue_(on, {.ready = [this](int, interest ready, void*) {
              if (has(ready, interest::read)) natsConnection_ProcessReadEvent(connection_);
              if (has(ready, interest::write)) natsConnection_ProcessWriteEvent(connection_);
            }}) {
  natsOptions* options = nullptr;
  require(natsOptions_Create(&options), "options");
  const std::unique_ptr<natsOptions, decltype([](natsOptions* it) { natsOptions_Destroy(it); })> destroyed(options);
  natsOptions_SetURL(options, url.c_str());
  natsOptions_SetReconnectWait(options, 10);  // milliseconds
  natsOptions_SetReconnectJitter(options, 1, 1);
  natsOptions_SetMaxReconnect(options, -1);
  natsOptions_SetEventLoop(options, this, hooks::attach, hooks::read, hooks::write, hooks::detach);
  glue_.call([&] { require(natsConnection_Connect(&connection_, options), "connect"); });

  auto delivery = std::make_unique<hooks::delivery>(*this, glue_.remote());
  const natsStatus subscribed = glue_.call([&] {
    return natsConnection_Subscribe(&subscription_, connection_, name_.c_str(), hooks::deliver, delivery.get());
  });
  if (subscribed == NATS_OK) {
    natsSubscription_SetOnCompleteCB(subscription_, hooks::delivered_all, delivery.release());
    return;
  }
  natsConnection_Destroy(connection_);
  require(subscribed, "subscribe");
}

subject::~subject() {
  natsSubscription_Destroy(subscription_);
  natsConnection_Destroy(connection_);  // joins the threads that call hooks
  glue_.end();
}

void subject::publish(std::string_view message) {
  glue_.call([&] {
    require(natsConnection_Publish(connection_, name_.c_str(), message.data(), static_cast<int>(message.size())),
            "publish");
  });
}

std::uint64_t subject::reconnects() const {
  natsStatistics* all = nullptr;
  std::uint64_t count = 0;
  require(natsStatistics_Create(&all), "statistics");
  if (natsConnection_GetStats(connection_, all) == NATS_OK)
    natsStatistics_GetCounts(all, nullptr, nullptr, nullptr, nullptr, &count);
  natsStatistics_Destroy(all);
  return count;
}

void subject::require(int status, const char* what) const {
  if (status != NATS_OK)
    throw interloop::error(std::string(what) + ": " + natsStatus_GetText(static_cast<natsStatus>(status)));
}

}  // namespace glued
