// SPDX-License-Identifier: MIT
// A library that is loaded while the program runs. Of the two made of this file, each has a function of another name and
// with a frame of another size.
#include <stdexcept>

namespace {

template <int Which>
[[gnu::noinline]] void thrown_by_plugin(volatile char* room) {
  volatile char more[Which * 1000];
  more[0] = room[0];
  if (more[0] == 0) throw std::runtime_error(Which == 1 ? "plugin 1" : "plugin 2");
  room[1] = more[0];
}

}  // namespace

extern "C" [[gnu::noinline]] void plugin_throws() {
  volatile char room[PLUGIN * 100] = {};
  thrown_by_plugin<PLUGIN>(room);
  room[2] = room[1];
}

extern "C" [[gnu::noinline]] void plugin_calls(void (*callback)()) {
  volatile char room[PLUGIN * 1000] = {};
  callback();
  room[2] = room[1];
}
