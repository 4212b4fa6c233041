// SPDX-License-Identifier: MIT
#include <interloop/require_descriptors.hpp>

#include <interloop/error.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace interloop {

void require_descriptors(int count, std::string_view what) {
  std::vector<int> opened;
  opened.reserve(static_cast<std::size_t>(count));
  while (count > 0) {
    const int one = ::eventfd(0, EFD_CLOEXEC);
    if (one < 0) break;
    opened.push_back(one);
    --count;
  }
  const std::string reason = std::strerror(errno);
  for (const int each : opened) ::close(each);
  if (count > 0)
    throw usage_error(std::string(what) + ": too few descriptors are left (" + reason +
                      "); close some, or raise the limit (ulimit -n)");
}

}  // namespace interloop
