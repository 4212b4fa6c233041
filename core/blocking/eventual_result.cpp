// SPDX-License-Identifier: MIT
//
// The registry of stashed results is never destroyed, because other threads may still use it while the process exits;
// at exit a guard empties it, which reports the failures in it. A forked child starts with an empty registry: the
// results are its parent's, and the lock may be held by a thread that the child does not have.
#include <interloop/eventual_result.hpp>

#include <interloop/detail/span_text.hpp>
#include <interloop/fork_count.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <typeindex>

namespace interloop::detail {

namespace {

struct stashed {
  state_ptr<slot_base> what;
  std::type_index type;
};

struct stash_registry {
  const unsigned forks = fork_count();
  std::mutex mutex;
  std::uint64_t last = 0;
  std::map<std::uint64_t, stashed> results;
};

constinit std::atomic<stash_registry*> current_registry{nullptr};

void report_stashed() noexcept {
  stash_registry* known = current_registry.load(std::memory_order_acquire);
  if (!known || known->forks != fork_count()) return;
  std::map<std::uint64_t, stashed> left;  // destroyed after the lock: destructors of values may call in
  std::lock_guard lock(known->mutex);
  left.swap(known->results);
}

stash_registry& registry() {
  static const struct at_exit {
    ~at_exit() { report_stashed(); }
  } guard;
  stash_registry* known = current_registry.load(std::memory_order_acquire);
  while (!known || known->forks != fork_count()) {
    auto fresh = std::make_unique<stash_registry>();
    if (current_registry.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel))
      return *fresh.release();
  }
  return *known;
}

}  // namespace

std::uint64_t stash_slot(state_ptr<slot_base> what, const std::type_info& type) {
  if (what->remote().inherited()) throw_inherited();
  stash_registry& all = registry();
  std::lock_guard lock(all.mutex);
  all.results.emplace(all.last + 1, stashed{std::move(what), type});
  return ++all.last;
}

state_ptr<slot_base> unstash_slot(std::uint64_t uid, const std::type_info& type) {
  stash_registry& all = registry();
  std::lock_guard lock(all.mutex);
  const auto found = all.results.find(uid);
  if (found == all.results.end())
    throw usage_error("retrieve_result: no result is stashed under " + std::to_string(uid) +
                      "; a result can be retrieved once for each stash(), in the same process");
  if (found->second.type != type)
    throw usage_error("retrieve_result: the result under " + std::to_string(uid) +
                      " is of another type; retrieve it with the type it was stashed with");
  state_ptr<slot_base> what = std::move(found->second.what);
  all.results.erase(found);
  return what;
}

void throw_timeout(duration allowed, const char* next, const std::string& why) {
  if (allowed <= duration::zero()) throw timeout_error(std::string("no result at the deadline; ") + next);
  throw timeout_error("no result within " + span_text(allowed) + "; " + next + why);
}

void throw_interrupted(const char* next) {
  throw interrupted_error(std::string("the wait was interrupted by a signal; ") + next);
}

void throw_stop_requested() { throw interrupted_error("the wait ended by its stop_token; the operation continues"); }

void throw_stopped() {
  throw reactor_stopped("the loop stopped before the operation was over; nothing will complete it any more");
}

}  // namespace interloop::detail

void interloop::interrupt_wait() noexcept { detail::slot_base::interrupt_this_thread(); }
