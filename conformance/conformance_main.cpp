// SPDX-License-Identifier: MIT
// The suite as a whole program.
#include <interloop/testing/conformance.hpp>

#include <algorithm>
#include <cstdio>

namespace interloop::testing::conformance {
namespace {

bool is_wanted(std::string_view name, const std::vector<std::string_view>& parts) {
  return parts.empty() || std::any_of(parts.begin(), parts.end(), [name](std::string_view part) {
           return name.find(part) != std::string_view::npos;
         });
}

}  // namespace

int run_all(const harness& on, int argc, const char* const* argv) {
  std::vector<std::string_view> parts(argv + std::min(argc, 1), argv + argc);
  const bool lists = std::erase(parts, "--list") > 0;
  int passed = 0;
  std::vector<std::string> failed;
  int skipped = 0;
  for (const test_case& each : cases()) {
    if (!is_wanted(each.name, parts)) continue;
    std::printf("%.*s", static_cast<int>(each.name.size()), each.name.data());
    if (!lists) {
      std::fputs(" ... ", stdout);
      std::fflush(stdout);  // the last line is the case that was running if the process ends here
      const outcome ended = each.run(on);
      if (ended.what == outcome::kind::passed) {
        std::fputs("passed", stdout);
      } else if (ended.what == outcome::kind::skipped) {
        ++skipped;
        std::printf("skipped: %s", ended.message.c_str());
      } else {
        failed.emplace_back(each.name);
        std::printf("FAILED\n    %s", ended.message.c_str());
      }
    }
    ++passed;
    std::puts("");
  }
  passed -= skipped + static_cast<int>(failed.size());
  if (passed + skipped == 0 && failed.empty()) {
    std::fputs("no case has a name with that in it; --list prints the names\n", stderr);
    return 2;
  }
  if (lists) return 0;
  std::printf("%s: %d passed, %zu failed, %d skipped\n", on.name.c_str(), passed, failed.size(), skipped);
  for (const std::string& each : failed) std::printf("failed: %s\n", each.c_str());
  return failed.empty() ? 0 : 1;
}

}  // namespace interloop::testing::conformance
