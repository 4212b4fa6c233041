// SPDX-License-Identifier: MIT
// A program whose plugin uses its loop: with a shared library both use the same copy. Prints "ok".
#include HEADER
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <memory>

int main() {
  void* const plugin = ::dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (!plugin) return std::puts(::dlerror()), 1;
  const auto make = reinterpret_cast<interloop::future<int>* (*)(interloop::loop&)>(::dlsym(plugin, "plugin_future"));
  const auto wait = reinterpret_cast<int (*)(const interloop::loop_remote&)>(::dlsym(plugin, "plugin_wait"));

  int first = 0;
  {
    interloop::LOOP_CLASS loop;
    std::unique_ptr<interloop::future<int>> made;
    loop->call_soon([&] { made.reset(make(loop)); });
    loop->call_later(std::chrono::milliseconds(0),
                     [&] { interloop::add_callbacks(*made, [&](int value) { first = value; }); });
    loop->run();
  }
  const interloop::loop_thread thread([] { return interloop::LOOP_CLASS(); });
  std::puts(first == 42 && wait(thread.remote()) == 42 ? "ok" : "the plugin's futures did not work");
}
