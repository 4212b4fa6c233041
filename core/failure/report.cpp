// SPDX-License-Identifier: MIT
#include <interloop/detail/report.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace interloop::detail {

// Constant-initialised: reports may come before and after all dynamic initialisation.
constinit std::atomic<report_hook> report_to{nullptr};

void report(std::string_view context, const failure& fail) noexcept {
  if (const report_hook hook = report_to.load(std::memory_order_acquire); hook && hook(context, fail)) return;
  try {
    say("interloop: " + std::string(context) + '\n' + failure_format_traceback(fail) + '\n');
  } catch (...) {
    say("interloop: ");
    say(context);
    say(" (no memory for details)\n");
  }
}

void say(std::string_view line) noexcept {
  const int to = ::fileno(stderr);
  if (to < 0) return static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
  std::fflush(stderr);
  while (!line.empty()) {
    const ::ssize_t written = ::write(to, line.data(), line.size());
    if (written > 0) line.remove_prefix(static_cast<std::size_t>(written));
    ::pollfd full{to, POLLOUT, 0};
    if (written < 0 && errno != EINTR && !(errno == EAGAIN && ::poll(&full, 1, 1000) > 0)) return;
  }
}

}  // namespace interloop::detail
