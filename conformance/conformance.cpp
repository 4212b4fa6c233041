// SPDX-License-Identifier: MIT
// The list of cases, and what running one of them means.
#include <interloop/testing/conformance.hpp>

#include "conformance_bench.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <condition_variable>
#include <cstdlib>
#include <set>

namespace interloop::testing::conformance {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<ability, std::string_view>, 9> abilities{{
    {ability::nests, "nests"},
    {ability::ends_when_idle, "ends_when_idle"},
    {ability::runs, "runs"},
    {ability::runs_in_child, "runs_in_child"},
    {ability::passes_time, "passes_time"},
    {ability::calls_natively, "calls_natively"},
    {ability::watches_natively, "watches_natively"},
    {ability::sleeps, "sleeps"},
    {ability::punctual, "punctual"},
}};

// The descriptors that the process has open; none if that is unknown.
std::set<int> open_descriptors() {
  std::set<int> open;
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return open;
  while (const dirent* entry = ::readdir(folder))
    if (std::isdigit(static_cast<unsigned char>(*entry->d_name))) open.insert(std::atoi(entry->d_name));
  open.erase(::dirfd(folder));
  ::closedir(folder);
  return open;
}

std::string named(int fd) {
  char target[256];
  const auto length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return std::to_string(fd) + " (" + std::string(target, length > 0 ? static_cast<std::size_t>(length) : 0) + ')';
}

// Empty if the same descriptors are open as `before`.
std::string leaked(const std::set<int>& before) {
  std::string all;
  for (const int fd : open_descriptors())
    if (!before.contains(fd)) all += (all.empty() ? "" : ", ") + named(fd);
  if (!all.empty())
    return "descriptors are left open, although the loop was closed and its owner and native loop are destroyed: " +
           all + "; look at close() and the port's destructor";
  const std::set<int> after = open_descriptors();
  for (const int fd : before)
    if (!after.contains(fd))
      return "descriptor " + std::to_string(fd) +
             ", which was open before the case, is closed; look at close() and at "
             "destructors, which close what they do not own, or twice";
  return {};
}

// Sets environment variables, and in the end what was there before.
class environment {
 public:
  explicit environment(const std::map<std::string, std::string>& variables) {
    for (const auto& [name, value] : variables) {
      const char* before = std::getenv(name.c_str());
      before_.emplace_back(name, before ? std::optional<std::string>(before) : std::nullopt);
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() {
    for (const auto& [name, value] : before_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

// Ends the process if a case hangs: its thread is inside the native loop and cannot be made to return.
class watchdog {
 public:
  watchdog(const harness& on, std::string_view name, const progress& doing)
      : thread_([this, &on, name, &doing] {
          std::unique_lock lock(mutex_);
          started_ = true;
          changed_.notify_all();
          if (changed_.wait_for(lock, on.limit, [this] { return over_; })) return;
          const std::string said = "interloop conformance: on " + on.name + ", the case \"" + std::string(name) +
                                   "\" hangs. It waits for: " + doing.waiting() + '\n';
          [[maybe_unused]] const auto written = ::write(2, said.data(), said.size());
          std::abort();
        }) {
    // A sanitizer opens files while a thread starts: not among the descriptors that the case is going to compare.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_; });
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false;
  bool over_ = false;
  std::thread thread_;
};

// Some native loops open descriptors with the first of their kind, for good: not counted as left by the first case.
void warm_up(const harness& on) {
  static std::mutex mutex;
  static std::set<std::string> warm;
  {
    const std::lock_guard lock(mutex);
    if (!warm.insert(on.name).second) return;
  }
  const auto first = on.make();
  static_cast<void>(first->run_until([] { return false; }, 1ms));
}

outcome failed(std::string message, const progress& doing) {
  if (const std::vector<ability> relied = doing.relied(); !relied.empty()) {
    message += " [If the loop by its nature cannot do it, put ";
    for (std::size_t i = 0; i < relied.size(); ++i)
      message += (i == 0 ? "ability::" : " or ability::") + std::string(to_string(relied[i]));
    message += " in harness::lacks, with the reason.]";
  }
  return {outcome::kind::failed, std::move(message)};
}

outcome run_case(const harness& on, std::string_view name, const std::function<void(bench&)>& body) {
  progress doing;
  try {
    const environment as_asked(on.environment);
    const watchdog bounded(on, name, doing);
    doing.waits_for("the harness's make(), run_until() for a millisecond, and destructor");
    warm_up(on);
    const std::set<int> before = open_descriptors();
    {
      bench fresh(on, doing);
      body(fresh);
      fresh.finish();
      doing.waits_for("the native loop's destructor");
    }
    if (std::string left = leaked(before); !left.empty()) return failed(std::move(left), doing);
    return {outcome::kind::passed, {}};
  } catch (const case_failed& why) {
    return failed(why.message, doing);
  } catch (const case_skipped& skipped) {
    return {outcome::kind::skipped, skipped.reason};
  } catch (const std::exception& other) {
    return failed(std::string("an exception that the case did not expect: ") + other.what(), doing);
  } catch (...) {
    return failed("an exception that the case did not expect", doing);
  }
}

}  // namespace

std::string_view to_string(ability what) noexcept {
  for (const auto& [each, name] : abilities)
    if (each == what) return name;
  return "unknown";
}

ability to_ability(std::string_view name) {
  for (const auto& [each, known] : abilities)
    if (known == name) return each;
  throw usage_error("conformance: no ability is named \"" + std::string(name) +
                    "\"; they are listed in <interloop/testing/conformance.hpp>");
}

void case_list::add(std::string_view name, std::function<void(bench&)> body) {
  all_.push_back({name, [name, body = std::move(body)](const harness& on) { return run_case(on, name, body); }});
}

const std::vector<test_case>& cases() {
  static const std::vector<test_case> all = [] {
    case_list list;
    add_order_cases(list);
    add_timer_cases(list);
    add_post_cases(list);
    add_exception_cases(list);
    add_watch_cases(list);
    add_watch_life_cases(list);
    add_future_cases(list);
    add_close_cases(list);
    add_run_cases(list);
    add_nested_cases(list);
    add_native_cases(list);
    add_idle_cases(list);
    add_fork_cases(list);
    return list.take();
  }();
  return all;
}

std::string identifier(std::string_view name) {
  std::string made;
  for (const char c : name) made += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return made;
}

}  // namespace interloop::testing::conformance
