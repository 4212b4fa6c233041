// SPDX-License-Identifier: MIT
// A plugin is unloaded, and another one takes its place in memory, so that its literals have the same addresses.
#include "../log_capture.hpp"

#include <dlfcn.h>

#include <string>

namespace interloop::test {
namespace {

/// Loads a plugin, lets it log, and unloads it. Returns where its function was.
void* log_by(const char* plugin) {
  void* const handle = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw std::runtime_error(::dlerror());
  void* const function = ::dlsym(handle, "log_a_line");
  reinterpret_cast<void (*)()>(function)();
  ::dlclose(handle);
  return function;
}

TEST(unloaded_test, a_line_of_a_plugin_is_not_that_of_the_one_which_was_there_before) {
  using namespace interloop::literals;
  const testing::fresh_logging fresh;
  const auto capture = std::make_shared<log_capture>();
  add_log_sink(capture, log_level::info);
  logger("program").info("own {n}", "n"_a = 0);
  void* const first = log_by(FIRST);
  void* const second = log_by(SECOND);
  EXPECT_EQ(first, second) << "the second plugin has another place, so this test shows nothing";
  EXPECT_EQ(capture->texts(), (std::vector<std::string>{"own 0", "first 1", "other 1"}));
}

}  // namespace
}  // namespace interloop::test
