// SPDX-License-Identifier: MIT
#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace interloop::stack {

mapped_file::mapped_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return;
  struct stat about{};
  if (::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
    void* const mapped = ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped != MAP_FAILED) {
      bytes_ = static_cast<const unsigned char*>(mapped);
      size_ = static_cast<std::uint64_t>(about.st_size);
    }
  }
  ::close(file);
}

mapped_file::~mapped_file() {
  if (bytes_) ::munmap(const_cast<unsigned char*>(bytes_), static_cast<std::size_t>(size_));
}

}  // namespace interloop::stack
