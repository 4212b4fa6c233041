// SPDX-License-Identifier: MIT
#include "server_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace test_servers {

temporary_folder::temporary_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "interloop-test-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string program(const std::string& name) {
  std::istringstream folders(std::string(std::getenv("PATH") ? std::getenv("PATH") : "") +
                             ":/usr/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
  return {};
}

server_process::server_process(std::vector<std::string> words, const how_to_start& how) : end_signal_(how.end_signal) {
  std::vector<char*> arguments;
  for (std::string& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  const passwd* const user = how.user.empty() ? nullptr : ::getpwnam(how.user.c_str());
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ > 0) return;
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, end_signal_);
  if (::getppid() != parent) ::_exit(125);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const int log = ::open(how.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(nothing, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  ::setenv("LC_ALL", "C", 1);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

bool server_process::ended() {
  if (process_ >= 0 && ::waitpid(process_, nullptr, WNOHANG) != 0) process_ = -1;
  return process_ < 0;
}

void server_process::wait_until(const std::function<bool()>& answers, int seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!answers()) {
    if (ended()) throw std::runtime_error("the server has ended");
    if (std::chrono::steady_clock::now() > deadline) {
      end();
      throw std::runtime_error("the server does not answer");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // another process: no event to wait for
  }
}

bool server_process::succeeds() {
  int status = 1;
  return process_ >= 0 && ::waitpid(std::exchange(process_, -1), &status, 0) > 0 && status == 0;
}

void server_process::crash() {
  if (process_ < 0) return;
  end_signal_ = SIGKILL;      // while it is stopped, no other one ends it
  ::kill(process_, SIGSTOP);  // it starts no others, and does not see them end
  siginfo_t stopped;
  ::waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED | WEXITED | WNOWAIT);  // it may be starting one now
  std::vector<pollfd> started;
  for (const auto& each : std::filesystem::directory_iterator("/proc")) {
    if (each.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    // pid (name) state parent
    std::ifstream file(each.path() / "stat");
    std::string stat;
    std::getline(file, stat);  // empty if the process has just ended; an iterator of the file would throw
    const auto name_ends = stat.rfind(") ");
    if (name_ends == stat.npos || std::atoi(stat.c_str() + std::min(name_ends + 4, stat.size())) != process_) continue;
    const pid_t child = std::atoi(stat.c_str());
    const auto ends = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    if (ends >= 0) started.push_back({ends, POLLIN, 0});  // otherwise it has ended
    ::kill(child, SIGKILL);
  }
  end();
  // Until a process has ended, it has what it shares with others: its memory goes later than its program's name.
  for (pollfd& each : started) {
    while (::poll(&each, 1, -1) < 0 && errno == EINTR) continue;
    ::close(each.fd);
  }
}

void server_process::end() {
  if (process_ < 0) return;
  ::kill(process_, end_signal_);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace test_servers
