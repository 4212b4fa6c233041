// SPDX-License-Identifier: MIT
// The object that sources here capture or bind if their names end in throws_when_it_is_destroyed: its destructor may
// throw, unless the source should compile.
#pragma once

struct held {
#ifndef SHOULD_COMPILE
  ~held() noexcept(false) {}
#endif
  int value = 0;
};
