// SPDX-License-Identifier: MIT
// interloop-ps from outside: on processes that hang in a known way, on every loop; stripped, and as a core.
#include "support/loops.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace interloop {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string tool = INTERLOOP_PS;
const std::string program = HANGING;

struct finished {
  int status;
  std::string output;  // what it printed, errors included
};
finished run(const std::string& command) {
  std::FILE* const from = ::popen((command + " 2>&1").c_str(), "r");
  if (!from) throw std::runtime_error("popen failed");
  std::string output;
  char piece[4096];
  while (const std::size_t got = std::fread(piece, 1, sizeof piece, from)) output.append(piece, got);
  const int status = ::pclose(from);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), output};
}

/// A process that hangs, until this is destroyed.
class hanging {
 public:
  hanging(const std::string& path, const std::string& loop, const std::string& scenario) {
    int in[2];
    int out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) throw std::runtime_error("pipe failed");
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    for (const int each : {in[0], in[1], out[0], out[1]}) ::posix_spawn_file_actions_addclose(&actions, each);
    std::vector<std::string> words{path, loop, scenario};
    std::vector<char*> arguments;
    for (std::string& each : words) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    const int failed = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    if (failed != 0) throw std::runtime_error("cannot start " + path);
    char answer[6] = "";
    std::size_t got = 0;
    while (got < 5) {
      const ::ssize_t more = ::read(out[0], answer + got, 5 - got);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    ::close(out[0]);
    if (std::string(answer) != "ready") throw std::runtime_error(path + " did not get ready");
  }
  hanging(const hanging&) = delete;
  hanging& operator=(const hanging&) = delete;
  ~hanging() {
    ::close(input_);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] std::string pid() const { return std::to_string(pid_); }

 private:
  ::pid_t pid_ = -1;
  int input_ = -1;
};

/// What the tree of every process that hangs has in it.
void expect_the_hang(const std::string& tree) {
  EXPECT_THAT(tree, HasSubstr("coroutine fetch_all (hanging.cpp:"));
  EXPECT_THAT(tree, HasSubstr("└─ gather\n"));
  EXPECT_THAT(tree, HasSubstr("├─ coroutine fetch_page (hanging.cpp:"));
  EXPECT_THAT(tree, HasSubstr("└─ future made at hanging.cpp:"));
  EXPECT_THAT(tree, HasSubstr("coroutine work_through (hanging.cpp:"));
  EXPECT_THAT(tree, HasSubstr("└─ channel::next at hanging.cpp:"));
  EXPECT_THAT(tree, HasSubstr("hold"));
}

class interloop_ps_test : public ::testing::TestWithParam<std::string> {};

TEST_P(interloop_ps_test, shows_what_hangs) {
  const hanging process(program, GetParam(), "between");
  const finished tree = run(tool + " --tree " + process.pid());
  EXPECT_EQ(tree.status, 0) << tree.output;
  EXPECT_THAT(tree.output, HasSubstr("process " + process.pid() + " (hanging): 1 loop\n"));
  EXPECT_THAT(tree.output, AllOf(HasSubstr(", between turns, "), Not(HasSubstr("changing"))));
  expect_the_hang(tree.output);
}

TEST_P(interloop_ps_test, shows_a_loop_that_a_callback_holds) {
  const hanging process(program, GetParam(), "in_turn");
  const finished tree = run(tool + " --tree " + process.pid());
  EXPECT_EQ(tree.status, 0) << tree.output;
  EXPECT_THAT(tree.output, AllOf(HasSubstr(", in a turn, "), Not(HasSubstr("changing"))));
  EXPECT_THAT(tree.output, ContainsRegex("queued: .*main::.* made at hanging.cpp:[0-9]+\n"
                                         ".*queued: int \\(\\*\\)\\(char const\\*\\) made at hanging.cpp:[0-9]+\n"
                                         ".*queued: callbacks of a future made at hanging.cpp:[0-9]+\n"
                                         ".*queued: .*main::.* made at hanging.cpp:[0-9]+\n"));
  expect_the_hang(tree.output);
}

TEST_P(interloop_ps_test, reads_while_eight_threads_post) {
  const hanging process(program, GetParam(), "posts");
  for (int i = 0; i < 5; ++i) {
    const finished tree = run(tool + " --tree " + process.pid());
    EXPECT_EQ(tree.status, 0) << tree.output;
    EXPECT_THAT(tree.output, HasSubstr("loop "));
  }
}

INSTANTIATE_TEST_SUITE_P(every_loop, interloop_ps_test, ::testing::ValuesIn(test::own_loop_names()),
                         [](const auto& of) { return of.param; });

TEST(interloop_ps, lists_and_gives_json) {
  const hanging process(program, "manual", "between");
  const finished list = run(tool + " " + process.pid());
  EXPECT_EQ(list.status, 0) << list.output;
  EXPECT_THAT(list.output, HasSubstr("  2 × coroutine fetch_page (hanging.cpp:"));
  EXPECT_THAT(list.output, HasSubstr("timer due in "));
  const finished json = run(tool + " --json " + process.pid());
  EXPECT_THAT(json.output, AllOf(HasSubstr("{\"version\":1,\"loops\":["), HasSubstr("\"kind\":\"coroutine\"")));
}

TEST(interloop_ps, finds_the_loops_of_all_threads) {
  const hanging process(program, "manual", "threads");
  const finished tree = run(tool + " --tree " + process.pid());
  EXPECT_THAT(tree.output, HasSubstr("(hanging): 2 loops\n"));
}

TEST(interloop_ps, reads_a_process_whose_main_thread_has_ended) {
  const hanging process(program, "manual", "main_ended");
  const finished tree = run(tool + " --tree " + process.pid());
  EXPECT_EQ(tree.status, 0) << tree.output;
  expect_the_hang(tree.output);
}

/// A copy of the program in a folder of its own.
class other_program : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string wanted = (fs::temp_directory_path() / "interloop-ps-XXXXXX").string();
    std::vector<char> name(wanted.begin(), wanted.end());
    name.push_back('\0');
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name.data();
  }
  void TearDown() override { fs::remove_all(folder); }
  fs::path folder;
};

TEST_F(other_program, a_stripped_one_shows_addresses_where_names_are_gone) {
  const fs::path stripped = folder / "hanging";
  ASSERT_EQ(run("strip -s -o " + stripped.string() + " " + program).status, 0);
  const hanging process(stripped.string(), "manual", "between");
  const finished tree = run(tool + " --tree " + process.pid());
  expect_the_hang(tree.output);
  EXPECT_THAT(tree.output, HasSubstr(": hanging+0x"));
}

#if !defined(INTERLOOP_SANITIZED)  // whose address space is terabytes
TEST_F(other_program, a_core_file_shows_what_hung) {
  if (run("command -v gcore").status != 0) GTEST_SKIP() << "gcore is not installed; it is in Debian's package gdb";
  for (const bool stripped : {false, true}) {
    const fs::path copy = folder / "hanging";
    ASSERT_EQ(run((stripped ? "strip -s -o " : "cp -T ") +
                  (stripped ? copy.string() + " " + program : program + " " + copy.string()))
                  .status,
              0);
    std::string core = (folder / "core").string();
    {
      const hanging process(copy.string(), "manual", "between");
      const finished made = run("gcore -o " + core + " " + process.pid());
      ASSERT_EQ(made.status, 0) << made.output;
      core += "." + process.pid();
    }
    const fs::path moved = folder / "moved";
    fs::rename(copy, moved);
    const finished tree = run(tool + " --tree --core " + core + " " + moved.string());
    EXPECT_EQ(tree.status, 0) << tree.output;
    expect_the_hang(tree.output);
  }
}
#endif

TEST(interloop_ps_refuses, what_is_not_a_process) {
  EXPECT_EQ(run(tool + " no").status, 2);
  EXPECT_EQ(run(tool).status, 2);
  EXPECT_EQ(run(tool + " -1").status, 2);
  const finished gone = run(tool + " 4194304");  // more than the kernel gives
  EXPECT_EQ(gone.status, 1);
  EXPECT_THAT(gone.output, HasSubstr("there is no process 4194304"));
}

TEST(interloop_ps_refuses, a_process_without_interloop) {
  const finished none = run("exec " + tool + " $$");  // itself: it reads graphs, but has no loop
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.output, HasSubstr("there is no interloop in process"));
}

TEST(interloop_ps_refuses, a_process_of_another_user_and_says_what_to_do) {
  if (::geteuid() != 0 || run("command -v setpriv").status != 0) GTEST_SKIP() << "only root can become another user";
  const hanging process(program, "manual", "between");
  const finished denied =
      run("ASAN_OPTIONS=detect_leaks=0 setpriv --reuid 65534 --clear-groups " + tool + " " + process.pid());
  EXPECT_EQ(denied.status, 1);
  EXPECT_THAT(denied.output, HasSubstr("not allowed to read the memory of process " + process.pid() + ". "));
}

TEST(interloop_ps_refuses, what_is_not_a_core) {
  const finished text = run(tool + " --core /proc/self/status");
  EXPECT_EQ(text.status, 1);
  const finished not_core = run(tool + " --core " + program + " " + program);
  EXPECT_EQ(not_core.status, 1);
  EXPECT_THAT(not_core.output, HasSubstr("not a core"));
}

}  // namespace
}  // namespace interloop
