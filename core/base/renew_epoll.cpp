// SPDX-License-Identifier: MIT
#include <interloop/renew_epoll.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace interloop {

void renew_epoll(int instance) noexcept {
  const int fresh = ::epoll_create1(EPOLL_CLOEXEC);
  if (fresh < 0) return;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/fdinfo/%d", instance);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> list(std::fopen(path, "re"), &std::fclose);
  bool some_closed = false;
  char line[256];
  while (list && std::fgets(line, sizeof line, list.get())) {
    int fd = -1;
    std::uint32_t events = 0;
    unsigned long long data = 0;
    unsigned long inode = 0;
    if (std::sscanf(line, " tfd: %d events: %x data: %llx pos:%*d ino:%lx", &fd, &events, &data, &inode) != 4) continue;
    struct stat about{};
    if (::fstat(fd, &about) != 0 || about.st_ino != inode) {
      some_closed = true;
      continue;
    }
    ::epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    ::epoll_ctl(fresh, EPOLL_CTL_ADD, fd, &event);
  }
  if (some_closed) ::dup3(fresh, instance, O_CLOEXEC);
  ::close(fresh);
}

}  // namespace interloop
