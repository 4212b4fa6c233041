// SPDX-License-Identifier: MIT
// Two copies of the library in one process: the program's, and that of a plugin that is also linked with the static
// library.
#include "plugin.hpp"

#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <thread>
#include <tuple>

namespace interloop {
namespace {

using ::testing::HasSubstr;

/// Loaded, and never unloaded: the dynamic linker would not unload the one whose symbols other libraries may use.
plugin_functions& load(const std::string& visibility) {
  void* const handle =
      ::dlopen(visibility == "hidden" ? PLUGIN_hidden : PLUGIN_default, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) throw std::runtime_error(::dlerror());
  return *reinterpret_cast<plugin_functions* (*)()>(::dlsym(handle, "plugin"))();
}

std::string answer_to(const std::function<void()>& use) {
  try {
    use();
  } catch (const usage_error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "no exception";
}

const char* const two_copies = "this process contains two copies of interloop";

class two_copies_on_every_loop : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  ~two_copies_on_every_loop() override { loop_->drop_owner(); }

  loop& hosts() { return loop_->core(); }

  std::unique_ptr<test::native_loop> loop_ = test::make_loop(std::get<0>(GetParam()));
  plugin_functions& plugin_ = load(std::get<1>(GetParam()));
};

TEST_P(two_copies_on_every_loop, a_plugin_that_uses_the_programs_loop_gets_an_error_about_two_copies) {
  for (const auto& use : plugin_.refused)
    EXPECT_THAT(answer_to([&] { use.run(hosts()); }), HasSubstr(two_copies)) << use.name;
#if INTERLOOP_CHECKED
  for (const auto& use : plugin_.refused_checked)
    EXPECT_THAT(answer_to([&] { use.run(hosts()); }), HasSubstr(two_copies)) << use.name;
#endif
}

TEST_P(two_copies_on_every_loop, inside_a_turn_the_plugin_gets_the_same_error) {
  std::vector<std::string> answers;
  hosts().call_soon([&] {
    for (const auto& use : plugin_.refused) answers.push_back(answer_to([&] { use.run(hosts()); }));
    hosts().stop();
  });
  hosts().run();
  EXPECT_THAT(answers, ::testing::Each(HasSubstr(two_copies)));
  EXPECT_EQ(answers.size(), plugin_.refused.size());
}

TEST_P(two_copies_on_every_loop, in_another_thread_the_plugin_gets_the_same_error) {
  std::vector<std::string> answers;
  std::thread([&] {
    for (const auto& use : plugin_.refused)
      if (use.name != "a selected loop") answers.push_back(answer_to([&] { use.run(hosts()); }));
  }).join();
  EXPECT_THAT(answers, ::testing::Each(HasSubstr(two_copies)));
}

TEST_P(two_copies_on_every_loop, a_plugin_without_a_current_loop_gets_a_message_with_the_likely_reason) {
  std::string answer;
  hosts().call_soon([&] {
    answer = answer_to(plugin_.use_current_loop);
    hosts().stop();
  });
  hosts().run();
  EXPECT_THAT(answer, HasSubstr("no loop is selected"));
  EXPECT_THAT(answer, HasSubstr("its own copy of interloop"));
}

TEST_P(two_copies_on_every_loop, a_plugins_own_loop_works_in_a_turn_of_the_programs) {
  int answer = 0;
  hosts().call_soon([&] {
    answer = plugin_.use_own_loop();
    hosts().stop();
  });
  hosts().run();
  EXPECT_EQ(answer, 42);
}

TEST_P(two_copies_on_every_loop, a_handle_that_a_plugin_drops_last_leaves_the_program_fit_to_fork) {
  plugin_.keep(hosts().remote());
  loop_->drop_owner();
  plugin_.drop();
  loop_ = test::make_loop(std::get<0>(GetParam()));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(hosts().remote().inherited() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(loops, two_copies_on_every_loop,
                         ::testing::Combine(::testing::ValuesIn(test::loop_names()),
                                            ::testing::Values("default", "hidden")),
                         [](const auto& about) { return std::get<0>(about.param) + "_" + std::get<1>(about.param); });

class two_copies_both_ways : public ::testing::TestWithParam<std::string> {};

// In ctest, where no other test of the process has loaded it, the plugin is loaded after the fork, and has counted no
// fork.
TEST_P(two_copies_both_ways, in_a_forked_child_the_childs_loop_is_not_mistaken_for_its_parents) {
  const pid_t child = ::fork();
  if (child == 0) {
    int wrong = 0;
    for (const std::string& name : test::loop_names()) {
      const std::unique_ptr<test::native_loop> made = test::make_loop(name);
      for (const auto& use : load(GetParam()).refused)
        if (answer_to([&] { use.run(made->core()); }).find(two_copies) == std::string::npos) ++wrong;
    }
    ::_exit(wrong);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_P(two_copies_both_ways, a_program_that_waits_for_a_plugins_result_gets_an_error_about_two_copies) {
  plugin_functions& plugin = load(GetParam());
  const auto thread = plugin.make_thread();
  const eventual_result<int> result = plugin.start(*thread);
  EXPECT_THAT(answer_to([&] { static_cast<void>(result.wait(std::chrono::seconds(5))); }), HasSubstr(two_copies));
}

TEST_P(two_copies_both_ways, a_program_may_end_a_plugins_loop_thread) {
  auto thread = load(GetParam()).make_thread();
  thread.reset();
  EXPECT_EQ(thread, nullptr);
}

INSTANTIATE_TEST_SUITE_P(plugins, two_copies_both_ways, ::testing::Values("default", "hidden"),
                         [](const auto& about) { return about.param; });

}  // namespace
}  // namespace interloop
