// SPDX-License-Identifier: MIT
//
// process_vm_readv may return less than was asked for, and end at a page that cannot be read; it then says how much it
// has read. Each page is asked for once, in pieces of 16.
#include "process.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace interloop::inspect {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_pieces = 16384;  // 1 GiB

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

[[noreturn]] void not_allowed(::pid_t pid) {
  std::string text = "not allowed to read the memory of process " + std::to_string(pid) + ". ";
  const std::string scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
  if (scope == "3") {
    text +=
        "kernel.yama.ptrace_scope is 3, so nobody may until the next boot; take a core file (kill -ABRT) and use "
        "--core";
  } else if (scope == "2") {
    text += "kernel.yama.ptrace_scope is 2: run this as root, or with the capability CAP_SYS_PTRACE";
  } else {
    text += "Run this as root, or as the user of that process if it has no more capabilities than you";
    if (scope == "1")
      text += "; because kernel.yama.ptrace_scope is 1, that needs `sysctl kernel.yama.ptrace_scope=0` too";
    text += ". In a container, start it with --cap-add=SYS_PTRACE";
  }
  throw problem(text);
}

}  // namespace

process::process(::pid_t pid) : pid_(pid), thread_(pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::error_code failed;
  if (!fs::exists(folder, failed)) throw problem("there is no process " + std::to_string(pid));
  name_ = "process " + std::to_string(pid) + " (" + first_line(folder + "/comm") + ")";
  read_mappings();
  // A process whose main thread has ended is read by another thread's id.
  for (auto each = fs::directory_iterator(folder + "/task", failed);
       mappings_.empty() && !failed && each != fs::directory_iterator(); each.increment(failed)) {
    thread_ = static_cast<::pid_t>(std::strtol(each->path().filename().c_str(), nullptr, 10));
    read_mappings();
  }
  if (mappings_.empty())
    throw problem("process " + std::to_string(pid) + " has no memory: it has ended, or is the kernel's");
  unsigned char byte = 0;
  bool readable = false;
  for (const mapping& each : mappings_) {
    errno = 0;
    if (fetch(each.begin, &byte, 1) == 1) {
      readable = true;
      break;
    }
    if (errno == EPERM) not_allowed(pid);
    if (errno == ESRCH) throw problem("process " + std::to_string(pid) + " has ended");
  }
  if (!readable) throw problem("no memory of process " + std::to_string(pid) + " can be read");
}

void process::read_mappings() {
  mappings_.clear();
  errno = 0;
  const std::string path = "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(thread_) + "/maps";
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (!file) {
    if (errno == EACCES || errno == EPERM) not_allowed(pid_);
    return;
  }
  char* line = nullptr;
  std::size_t size = 0;
  while (::getline(&line, &size, file) > 0) {
    unsigned long long begin = 0;
    unsigned long long end = 0;
    unsigned long long offset = 0;
    char rights[5] = "";
    int at = 0;
    if (std::sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &begin, &end, rights, &offset, &at) < 4 || at == 0) continue;
    std::string file_path(line + at);
    while (!file_path.empty() && file_path.back() == '\n') file_path.pop_back();
    if (rights[0] != 'r' || file_path.empty() || file_path.front() != '/') continue;
    mappings_.push_back({begin, end, offset, std::move(file_path)});
  }
  const bool denied = std::ferror(file) != 0 && errno == EACCES;
  std::free(line);
  static_cast<void>(std::fclose(file));
  if (denied) not_allowed(pid_);
}

std::size_t process::fetch(std::uint64_t address, void* into, std::size_t bytes) {
  const ::iovec here{into, bytes};
  const ::iovec there{reinterpret_cast<void*>(static_cast<std::uintptr_t>(address)), bytes};
  const ::ssize_t got = ::process_vm_readv(thread_, &here, 1, &there, 1, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

const unsigned char* process::page_at(std::uint64_t address) {
  const std::uint64_t index = address / (page * pages);
  const auto inside = static_cast<unsigned>(address / page % pages);
  if (pieces_.size() > most_pieces) pieces_.clear();
  piece& of = pieces_[index];
  if (of.bytes.empty()) {
    of.bytes.resize(page * pages);
    const std::size_t whole = fetch(index * page * pages, of.bytes.data(), of.bytes.size()) / page;
    for (unsigned i = 0; i < whole; ++i) of.there |= 1U << i;
    of.tried = of.there;
  }
  if ((of.tried & 1U << inside) == 0) {
    of.tried |= 1U << inside;
    unsigned char* const to = of.bytes.data() + page * inside;
    if (fetch(index * page * pages + page * inside, to, page) == page) of.there |= 1U << inside;
  }
  return (of.there & 1U << inside) != 0 ? of.bytes.data() + page * inside : nullptr;
}

bool process::read(std::uint64_t address, void* into, std::size_t bytes) {
  auto* to = static_cast<unsigned char*>(into);
  while (bytes > 0) {
    const unsigned char* const from = page_at(address);
    if (!from) return false;
    const std::size_t here = std::min(bytes, page - static_cast<std::size_t>(address % page));
    std::memcpy(to, from + address % page, here);
    to += here;
    bytes -= here;
    if (__builtin_add_overflow(address, here, &address)) return bytes == 0;
  }
  return true;
}

std::string process::to_open(const std::string& path) const {
  return "/proc/" + std::to_string(pid_) + "/root" + path;  // it may see other files under that name
}

std::optional<std::int64_t> process::now() const {
  ::timespec time{};
  if (::clock_gettime(CLOCK_MONOTONIC, &time) != 0) return std::nullopt;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace interloop::inspect
