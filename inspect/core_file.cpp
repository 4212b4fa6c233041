// SPDX-License-Identifier: MIT
#include "core_file.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace interloop::inspect {

core_file::core_file(const std::string& path, std::string program) : core_(path), program_(std::move(program)) {
  name_ = "core " + path;
  Elf64_Ehdr header{};
  if (core_.size() == 0) throw problem(path + " cannot be opened, is empty, or is not a file");
  if (!core_.get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    throw problem(path + " is not a core file: it does not begin as ELF files do");
  if (header.e_type != ET_CORE)
    throw problem(path + " is an ELF file, but not a core; the order is --core CORE PROGRAM");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    throw problem(path + " is a core of a process that is not 64-bit little-endian; this tool reads only those");
  // Notes first: they say which files the omitted pages are from.
  for (int pass = 0; pass < 2; ++pass) {
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr part{};
      if (!core_.get(header.e_phoff + i * sizeof part, part)) throw problem(path + " is cut off");
      if (pass == 0 && part.p_type == PT_NOTE) read_notes(part.p_offset, part.p_filesz);
      if (pass == 1 && part.p_type == PT_LOAD && part.p_filesz > 0)
        segments_.push_back({part.p_vaddr, std::min(part.p_filesz, part.p_memsz), part.p_offset});
    }
  }
  std::sort(segments_.begin(), segments_.end(), [](const segment& a, const segment& b) { return a.begin < b.begin; });
  std::sort(mappings_.begin(), mappings_.end(), [](const mapping& a, const mapping& b) { return a.begin < b.begin; });
  if (segments_.empty()) throw problem(path + " has no memory in it");
  if (mappings_.empty())
    throw problem(path + " does not say which files were mapped; write it with gcore, or let the kernel write it");
  // The program is the first file that was mapped, in memory order, unless it has a name of its own.
  executable_ = mappings_.front().path;
  if (!program_.empty()) {
    const std::string name = program_.substr(program_.rfind('/') + 1);
    for (const mapping& each : mappings_) {
      if (each.path.substr(each.path.rfind('/') + 1) != name) continue;
      executable_ = each.path;
      break;
    }
    if (opened(executable_).size() == 0) throw problem("the program " + program_ + " cannot be opened");
  }
}

void core_file::read_notes(std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t end = std::min(offset + bytes, core_.size());
  while (offset < end) {
    Elf64_Nhdr note{};
    if (!core_.get(offset, note)) return;
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    const std::uint64_t content = offset + sizeof note + padded(note.n_namesz);
    const std::uint64_t next = content + padded(note.n_descsz);
    if (next > end || next <= offset) return;
    if (note.n_type == NT_FILE && note.n_namesz == 5 && std::memcmp(core_.text(offset + sizeof note), "CORE", 5) == 0) {
      std::uint64_t count = 0;
      std::uint64_t page = 0;
      if (!core_.get(content, count) || !core_.get(content + 8, page) || count > note.n_descsz / 24) return;
      std::uint64_t name = content + 16 + count * 24;
      for (std::uint64_t i = 0; i < count && name < next; ++i) {
        std::uint64_t range[3];
        if (!core_.get(content + 16 + i * 24, range)) return;
        const std::string path = core_.text(name);
        name += path.size() + 1;
        if (range[0] < range[1]) mappings_.push_back({range[0], range[1], range[2] * page, path});
      }
    }
    offset = next;
  }
}

const mapped_file& core_file::opened(const std::string& path) {
  const auto [at, fresh] = files_.try_emplace(path);
  if (fresh) at->second = mapped_file(to_open(path));
  return at->second;
}

std::string core_file::to_open(const std::string& path) const {
  return path == executable_ && !program_.empty() ? program_ : path;
}

bool core_file::read(std::uint64_t address, void* into, std::size_t bytes) {
  auto* to = static_cast<unsigned char*>(into);
  while (bytes > 0) {
    const unsigned char* from = nullptr;
    std::uint64_t here = 0;
    auto in = std::upper_bound(segments_.begin(), segments_.end(), address,
                               [](std::uint64_t at, const segment& each) { return at < each.begin; });
    if (in != segments_.begin() && address - std::prev(in)->begin < std::prev(in)->bytes) {
      const segment& found = *std::prev(in);
      here = std::min<std::uint64_t>(bytes, found.bytes - (address - found.begin));
      from = core_.at(found.offset + (address - found.begin), here);
    } else {
      auto file = std::upper_bound(mappings_.begin(), mappings_.end(), address,
                                   [](std::uint64_t at, const mapping& each) { return at < each.begin; });
      if (file == mappings_.begin() || address >= std::prev(file)->end) return false;
      const mapping& found = *std::prev(file);
      here = std::min<std::uint64_t>(bytes, found.end - address);
      if (in != segments_.end()) here = std::min(here, in->begin - address);
      from = opened(found.path).at(found.offset + (address - found.begin), here);
    }
    if (!from || here == 0) return false;
    std::memcpy(to, from, static_cast<std::size_t>(here));
    to += here;
    bytes -= static_cast<std::size_t>(here);
    address += here;
  }
  return true;
}

}  // namespace interloop::inspect
