// SPDX-License-Identifier: MIT
#include "options_out.hpp"

#include <interloop/wamp/codec.hpp>

namespace interloop::wamp {

const char* name_of(match how) noexcept {
  switch (how) {
    case match::prefix:
      return "prefix";
    case match::wildcard:
      return "wildcard";
    default:
      return "exact";
  }
}

void write_members(writer& to, const dict& all) {
  for (const auto& [name, each] : all) {
    to.key(name);
    detail::write(to, each);
  }
}

}  // namespace interloop::wamp
