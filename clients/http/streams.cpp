// SPDX-License-Identifier: MIT
#include "clients/http/streams.hpp"

#include "clients/http/session.hpp"

#include <utility>

namespace interloop::http {

future<void> pump(api, std::shared_ptr<transfer> to, byte_stream pieces) {
  const auto resume = [&to] {
    if (to->of) to->of->resume(*to);
  };
  try {
    for (;;) {
      co_await to->hungry.wait();
      to->hungry.reset();
      std::optional<std::string> piece = co_await pieces.next();
      while (piece && piece->empty()) piece = co_await pieces.next();
      if (!to->of) co_return;
      if (!piece) break;
      to->supply(std::move(*piece));
      resume();
    }
    to->supply_end();
    resume();
  } catch (const cancelled_error&) {
    throw;
  } catch (...) {
    const failure why = create_failure();
    if (to->of) to->of->drop(*to, &why);
  }
}

void reading::end() noexcept {
  const auto unwanted = std::exchange(from_, nullptr);
  if (unwanted && unwanted->of) unwanted->of->drop(*unwanted, nullptr);
}

byte_stream read(api, reading mine) {
  transfer& from = mine.from();
  const auto keep = from.shared_from_this();
  try {
    for (;;) {
      if (!from.received().empty()) {
        std::string some = std::exchange(from.received(), {});
        if (from.of && from.receiving_paused) from.of->resume(from);
        co_yield std::move(some);
      } else if (from.over) {
        break;
      } else {
        from.arrived.reset();
        co_await from.arrived.wait();
      }
    }
  } catch (const cancelled_error&) {
    mine.end();
    throw;
  }
  if (from.outcome) from.outcome->rethrow();
}

}  // namespace interloop::http
