// expect: could be lost if moving it threw
// SPDX-License-Identifier: MIT
#include <interloop/channel.hpp>

struct item {
  item() = default;
#ifdef SHOULD_COMPILE
  item(item&&) noexcept {}
#else
  item(item&&) {}
#endif
};

void use(interloop::loop& core) {
  interloop::channel<item> items(core, 1);
  items.close();
}
