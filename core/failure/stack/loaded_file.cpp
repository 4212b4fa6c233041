// SPDX-License-Identifier: MIT
// A program that is not linked with -rdynamic exports next to nothing, so `dladdr` alone would name hardly any of its
// functions. The table with all of them (.symtab) is not loaded, only in the file.
#include "loaded_file.hpp"

#include "mapped_file.hpp"

#include <dlfcn.h>

#if __has_include(<link.h>)
#include <elf.h>
#include <link.h>
#include <unistd.h>
#define INTERLOOP_READS_ELF 1
#endif

#include <climits>
#include <cstring>
#include <span>
#include <string_view>

namespace interloop::stack {

#if INTERLOOP_READS_ELF

namespace {

// The function's symbol in the tables of one file.
std::string symbol_in(const mapped_file& file, std::uintptr_t wanted) {
  const auto header = file.objects<ElfW(Ehdr)>(0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) return {};
  if (header[0].e_shentsize != sizeof(ElfW(Shdr))) return {};
  const auto sections = file.objects<ElfW(Shdr)>(header[0].e_shoff, header[0].e_shnum);
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const auto& texts = sections[section.sh_link];
    const auto names = file.objects<char>(texts.sh_offset, texts.sh_size);
    if (names.empty() || names.back() != '\0') continue;
    for (const auto& each : file.objects<ElfW(Sym)>(section.sh_offset, section.sh_size / sizeof(ElfW(Sym)))) {
      const bool has_it = (each.st_info & 0x0fU) == STT_FUNC && each.st_shndx != SHN_UNDEF && each.st_value <= wanted &&
                          wanted - each.st_value < each.st_size && each.st_name < names.size();
      if (has_it) return &names[each.st_name];
    }
  }
  return {};
}

struct search {
  std::uintptr_t address;
  const char* name = nullptr;
  std::uintptr_t bias = 0;
};

int look_into(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<search*>(data);
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || wanted.address - (info->dlpi_addr + segment.p_vaddr) >= segment.p_memsz) continue;
    wanted.name = info->dlpi_name ? info->dlpi_name : "";
    wanted.bias = info->dlpi_addr;
    return 1;
  }
  return 0;
}

}  // namespace

loaded_file file_of(std::uintptr_t address) {
  search wanted{address};
  if (::dl_iterate_phdr(&look_into, &wanted) == 0) return {};
  if (*wanted.name) return {wanted.name, wanted.bias};
  char program[PATH_MAX];  // the program itself has an empty name there
  const ::ssize_t size = ::readlink("/proc/self/exe", program, sizeof program);
  return {size > 0 ? std::string(program, static_cast<std::size_t>(size)) : std::string("program"), wanted.bias};
}

#else

loaded_file file_of(std::uintptr_t address) {
  Dl_info about{};
  if (::dladdr(reinterpret_cast<const void*>(address), &about) == 0 || !about.dli_fname) return {};
  return {about.dli_fname, reinterpret_cast<std::uintptr_t>(about.dli_fbase)};
}

#endif

std::string symbol_of(std::uintptr_t address, const loaded_file& in) {
  Dl_info about{};
  if (::dladdr(reinterpret_cast<const void*>(address), &about) != 0 && about.dli_sname) return about.dli_sname;
#if INTERLOOP_READS_ELF
  if (!in.path.empty()) return symbol_in(mapped_file(in.path), address - in.bias);
#endif
  return {};
}

}  // namespace interloop::stack
