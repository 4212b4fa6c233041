// SPDX-License-Identifier: MIT
#include "library.hpp"

#include <stdexcept>
#include <thread>
#include <utility>

namespace {
int cancelled = 0;
interloop::future<int> promise;
}  // namespace

interloop::future<int> doubled_later(interloop::api async, int value, double seconds) {
  co_await async.sleep(std::chrono::duration<double>(seconds));
  co_return value * 2;
}

interloop::future<int> plus_one(interloop::future<int> value) { co_return co_await value + 1; }

interloop::future<void> fails_later(interloop::api async, std::string message) {
  co_await async.sleep(std::chrono::milliseconds(1));
  throw std::out_of_range(message);
}

interloop::future<int> never(interloop::api async) {
  const auto mine = std::make_shared<interloop::future<int>>();
  *mine = async.create_future<int>([mine] { ++cancelled; });  // keeps itself until it is cancelled
  return *mine;
}

int cancellations() noexcept { return cancelled; }

interloop::future<int> promised(interloop::api async) { return promise = async.create_future<int>(); }
void complete_promised(int value) { interloop::resolve(promise, value); }
void forget_promised() { promise = {}; }

interloop::future<token> token_later(interloop::api async, int number) {
  co_await async.sleep(std::chrono::milliseconds(1));
  co_return token{std::make_unique<int>(number)};
}

interloop::future<std::string> from_a_thread(interloop::api async, std::string word) {
  auto answer = async.create_future<std::string>();
  auto* waiting = new interloop::future<std::string>(answer);  // counted in the loop's thread only
  std::thread([remote = answer.loop().remote(), waiting, word = std::move(word)] {
    remote.post([waiting, word] {
      interloop::resolve(*waiting, word);
      delete waiting;
    });
  }).detach();
  return answer;
}
