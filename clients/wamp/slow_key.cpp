// SPDX-License-Identifier: MIT
#include "slow_key.hpp"

#include <interloop/remote_promise.hpp>
#include <interloop/wamp/detail/core_link.hpp>

#include <openssl/crypto.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

namespace interloop::wamp {
namespace {

// The threads that are at work. When the process exits, OpenSSL tears itself down, which must not happen under a thread
// that uses it. A static object that was made after OpenSSL's initialisation is destroyed before that.
class at_work {
 public:
  static at_work& in_this_process() {
    static at_work all;
    if (all.process_ != ::getpid()) {  // a forked child, which has none of them
      all.process_ = ::getpid();
      all.count_ = 0;
    }
    return all;
  }
  at_work(const at_work&) = delete;
  at_work& operator=(const at_work&) = delete;
  ~at_work() {
    if (process_ != ::getpid()) return;
    while (const int left = count_.load(std::memory_order_acquire)) count_.wait(left, std::memory_order_acquire);
  }

  void begin() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  /// The last thing that a thread does.
  void end() noexcept {
    count_.fetch_sub(1, std::memory_order_release);
    count_.notify_all();
  }

 private:
  at_work() { OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr); }  // without an option, it does nothing

  std::atomic<pid_t> process_ = ::getpid();
  std::atomic<int> count_ = 0;
};

void make(derivation slow, remote_promise<std::string> answer) noexcept {
  try {
    try {
      answer.resolve(slow.key());
    } catch (...) {
      answer.reject(detail::caught());
    }
  } catch (...) {  // no memory to say so: joining has a time limit
  }
  OPENSSL_thread_stop();  // otherwise the thread's end would use OpenSSL once more
}

}  // namespace

future<std::string> key_from_thread(const api& async, derivation slow) {
  promise<std::string> made(async.loop());
  future<std::string> key = made.get_future();
  at_work& all = at_work::in_this_process();
  all.begin();
  try {
    std::thread([&all, slow = std::move(slow),
                 answer = remote_promise<std::string>(std::move(made))]() mutable noexcept {
      make(std::move(slow), std::move(answer));
      all.end();
    }).detach();
  } catch (...) {
    all.end();
    throw;
  }
  return key;
}

}  // namespace interloop::wamp
