// SPDX-License-Identifier: MIT
#include "elf.hpp"

#include <interloop/detail/readable.hpp>

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace interloop::inspect {

namespace {

constexpr std::uint64_t most_headers = 256;
constexpr std::uint64_t most_notes = 65536;  // bytes
constexpr std::uint64_t most_symbols = 5'000'000;
constexpr char owner[] = "interloop";

// The notes in one segment, in memory.
void find_in_notes(target& in, std::uint64_t at, std::uint64_t bytes, std::vector<std::uint64_t>& found) {
  const std::uint64_t end = at + std::min(bytes, most_notes);
  while (at < end) {
    Elf64_Nhdr note{};
    if (!in.get(at, note) || note.n_namesz > most_notes || note.n_descsz > most_notes) return;
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    const std::uint64_t content = at + sizeof note + padded(note.n_namesz);
    if (note.n_namesz == sizeof owner && note.n_descsz == 8) {
      char name[sizeof owner];
      std::uint64_t distance = 0;
      if (in.read(at + sizeof note, name, sizeof name) && std::memcmp(name, owner, sizeof owner) == 0 &&
          in.get(content, distance))
        found.push_back(content + distance);
    }
    at = content + padded(note.n_descsz);
  }
}

}  // namespace

std::vector<std::uint64_t> find_tables(target& in) {
  std::vector<std::uint64_t> found;
  for (const mapping& each : in.mappings()) {
    Elf64_Ehdr header{};
    if (each.offset != 0 || !in.get(each.begin, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_phentsize != sizeof(Elf64_Phdr) || (header.e_type != ET_EXEC && header.e_type != ET_DYN))
      continue;
    std::vector<Elf64_Phdr> parts(std::min<std::uint64_t>(header.e_phnum, most_headers));
    if (parts.empty() || !in.read(each.begin + header.e_phoff, parts.data(), parts.size() * sizeof(Elf64_Phdr)))
      continue;
    const auto first = std::find_if(parts.begin(), parts.end(), [](const Elf64_Phdr& part) {
      return part.p_type == PT_LOAD && part.p_offset == 0;
    });
    if (first == parts.end()) continue;
    const std::uint64_t bias = each.begin - first->p_vaddr;
    for (const Elf64_Phdr& part : parts)
      if (part.p_type == PT_NOTE) find_in_notes(in, bias + part.p_vaddr, part.p_memsz, found);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

const code_names::symbol_file& code_names::symbols_of(const std::string& path) {
  const auto [at, fresh] = files_.try_emplace(path);
  symbol_file& of = at->second;
  if (!fresh) return of;
  of.file = mapped_file(target_.to_open(path));
  Elf64_Ehdr header{};
  if (!of.file.get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return of;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(header.e_phnum, most_headers); ++i)
    if (Elf64_Phdr part{}; of.file.get(header.e_phoff + i * sizeof part, part) && part.p_type == PT_LOAD)
      of.loads.emplace_back(part.p_offset, part.p_vaddr);
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr table{};
    Elf64_Shdr names{};
    if (!of.file.get(header.e_shoff + i * sizeof table, table) ||
        (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM) || table.sh_link >= header.e_shnum ||
        !of.file.get(header.e_shoff + table.sh_link * sizeof names, names))
      continue;
    const std::uint64_t count = std::min(table.sh_size / sizeof(Elf64_Sym), most_symbols);
    for (std::uint64_t index = 0; index < count; ++index) {
      Elf64_Sym one{};
      if (!of.file.get(table.sh_offset + index * sizeof one, one)) break;
      if (ELF64_ST_TYPE(one.st_info) == STT_FUNC && one.st_shndx != SHN_UNDEF && one.st_value != 0)
        of.symbols.push_back({one.st_value, one.st_size, names.sh_offset + one.st_name});
    }
  }
  std::sort(of.symbols.begin(), of.symbols.end(),
            [](const symbol& a, const symbol& b) { return a.begin != b.begin ? a.begin < b.begin : a.name < b.name; });
  return of;
}

std::string code_names::at(std::uint64_t address) {
  const auto& all = target_.mappings();
  auto in = std::upper_bound(all.begin(), all.end(), address,
                             [](std::uint64_t value, const mapping& each) { return value < each.begin; });
  if (in == all.begin() || address >= (--in)->end) return {};
  const symbol_file& of = symbols_of(in->path);
  const std::uint64_t offset = address - in->begin + in->offset;
  std::uint64_t linked = offset;  // the address in the file's own terms
  std::uint64_t nearest = 0;
  for (const auto& [from, to] : of.loads) {
    if (from > offset || from < nearest) continue;
    nearest = from;
    linked = offset - from + to;
  }
  auto found = std::upper_bound(of.symbols.begin(), of.symbols.end(), linked,
                                [](std::uint64_t value, const symbol& each) { return value < each.begin; });
  if (found != of.symbols.begin() && linked - (--found)->begin < std::max<std::uint64_t>(found->bytes, 1))
    if (const char* const name = of.file.text(found->name); *name != 0) return detail::demangled(name);
  char text[32];
  std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(linked));
  return in->path.substr(in->path.rfind('/') + 1) + text;
}

}  // namespace interloop::inspect
