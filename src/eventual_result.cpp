// SPDX-License-Identifier: MIT
#include <interloop/eventual_result.hpp>

#include <map>
#include <mutex>
#include <string>
#include <typeindex>

namespace interloop::detail {

namespace {

struct stashed {
  state_ptr<slot_base> what;
  std::type_index type;
};

// Destroyed at exit, which reports failures that were never retrieved.
struct stash_registry {
  std::mutex mutex;
  std::uint64_t last = 0;
  std::map<std::uint64_t, stashed> results;
};

stash_registry& registry() {
  static stash_registry all;
  return all;
}

}  // namespace

std::uint64_t stash_slot(state_ptr<slot_base> what, const std::type_info& type) {
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
    throw usage_error("retrieve_result: nothing is stashed under " + std::to_string(uid) +
                      "; a result can be retrieved once for each stash()");
  if (found->second.type != type)
    throw usage_error("retrieve_result: the result under " + std::to_string(uid) +
                      " is of another type; retrieve it with the type it was stashed with");
  state_ptr<slot_base> what = std::move(found->second.what);
  all.results.erase(found);
  return what;
}

}  // namespace interloop::detail
