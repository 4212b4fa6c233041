// SPDX-License-Identifier: MIT
#include <interloop/config.hpp>

#include <interloop/select.hpp>

#include <memory>
#include <string>

namespace interloop {

using detail::selected;

namespace {

struct selection {
  loop_owner owner;
  const void* native;
};

// Never destroyed, because the native loop may be destroyed first when the process ends.
selection*& current_selection() {
  static selection* current = nullptr;
  return current;
}

}  // namespace

loop& select_loop(std::string_view name, const void* native, function<loop_owner()> make) {
  selection*& current = current_selection();
  if (selected.loop && !selected.loop->closed()) {
    const bool ours = current && &*current->owner == selected.loop;
    if (ours && current->native == native && selected.loop->name() == name) return *selected.loop;
    throw usage_error("use_" + std::string(name) + ": a loop is already selected (" +
                      std::string(selected.loop->name()) +
                      "); close() it first, or use with_config() to have several at once");
  }
  auto fresh = std::make_unique<selection>(selection{make(), native});
  delete current;
  current = fresh.release();
  selected.loop = &*current->owner;
  return *selected.loop;
}

bool loop_selected(std::string_view name) noexcept {
  return selected.loop && !selected.loop->closed() && selected.loop->name() == name;
}

}  // namespace interloop
