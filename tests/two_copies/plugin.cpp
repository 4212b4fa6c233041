// SPDX-License-Identifier: MIT
#include "plugin.hpp"

#include <interloop/testing/manual_loop.hpp>

namespace {

using namespace interloop;
using namespace std::chrono_literals;

future<int> next(api async, int number) {
  co_await async.sleep(1ms);
  co_return number + 1;
}

future<int> on(loop&) { co_return 1; }

std::optional<loop_remote> kept;

plugin_functions functions() {
  plugin_functions made;
  made.refused = {
      {"with_config", [](loop& hosts) { next(with_config(hosts), 1); }},
      {"post", [](loop& hosts) { hosts.post([] {}); }},
      {"loop_remote::post", [](loop& hosts) { hosts.remote().post([] {}); }},
      {"loop_remote::is_here", [](loop& hosts) { static_cast<void>(hosts.remote().is_here()); }},
      {"run_in_reactor", [](loop& hosts) { run_in_reactor(hosts.remote(), [] { return 1; })(); }},
      {"wait_for", [](loop& hosts) { wait_for(hosts.remote(), 1s, [] { return 1; })(); }},
      {"no_setup", [](loop& hosts) { no_setup(hosts); }},
      {"run", [](loop& hosts) { hosts.run(); }},
      {"a selected loop",
       [](loop& hosts) {
         config().loop = &hosts;
         const std::unique_ptr<loop*, void (*)(loop**)> reset(&config().loop, [](loop** it) { *it = nullptr; });
         static_cast<void>(create_future<int>(1));
       }},
  };
  made.refused_checked = {
      {"call_soon", [](loop& hosts) { hosts.call_soon([] {}); }},
      {"call_later", [](loop& hosts) { hosts.call_later(1ms, [] {}); }},
      {"hold", [](loop& hosts) { static_cast<void>(hosts.hold()); }},
      {"watch", [](loop& hosts) { static_cast<void>(hosts.watch(0, interest::read, [](interest) {})); }},
      {"a coroutine", [](loop& hosts) { on(hosts); }},
  };
  made.use_current_loop = [] { static_cast<void>(create_future<int>(1)); };
  made.use_own_loop = [] {
    testing::manual_loop own;
    const future<int> answer = next(with_config(own), 41);
    own.advance(1ms);
    return answer.value();
  };
  made.make_thread = [] { return std::make_unique<loop_thread>([] { return testing::manual_loop(); }); };
  made.start = [](const loop_thread& thread) { return run_in_reactor(thread, [] { return 42; })(); };
  made.keep = [](const loop_remote& remote) { kept = remote; };
  made.drop = [] { kept.reset(); };
  return made;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] plugin_functions* plugin() {
  static plugin_functions made = functions();
  return &made;
}
