// SPDX-License-Identifier: MIT
#include <interloop/detail/report.hpp>

#include <cstdio>
#include <string>

namespace interloop::detail {

// Constant-initialised: reports may come before and after all dynamic initialisation.
constinit std::atomic<report_hook> report_to{nullptr};

void report(std::string_view context, const failure& fail) noexcept {
  if (const report_hook hook = report_to.load(std::memory_order_acquire); hook && hook(context, fail)) return;
  const int size = static_cast<int>(context.size());
  try {
    const std::string text = failure_format_traceback(fail);
    std::fprintf(stderr, "interloop: %.*s\n%s\n", size, context.data(), text.c_str());
  } catch (...) {
    std::fprintf(stderr, "interloop: %.*s, and there was no memory to say more\n", size, context.data());
  }
}

}  // namespace interloop::detail
