// SPDX-License-Identifier: MIT
// Uses libdw of elfutils: it finds separate debug files by build ID and debug link, reads compressed sections, and
// knows inlined functions. See docs/decisions/0012-throw-traces.md for the alternatives.
#include "debug_info.hpp"

#include <interloop/detail/readable.hpp>

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace interloop::throw_traces {

namespace {

// The debug information of this process. Made on first use and kept, because opening files is what takes time.
class process {
 public:
  process() noexcept : session_(::dwfl_begin(&callbacks)) {}
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// The program or library that contains the address, or null.
  [[nodiscard]] Dwfl_Module* module_of(Dwarf_Addr address) const noexcept {
    Dwfl_Module* found = session_ ? ::dwfl_addrmodule(session_, address) : nullptr;
    if (!found) return nullptr;
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    ::dwfl_module_info(found, nullptr, &begin, &end, nullptr, nullptr, nullptr, nullptr);
    return address >= begin && address < end ? found : nullptr;  // libdw returns the nearest
  }

  /// Updates the list of loaded files; what was read of those that are still loaded is kept.
  void report() noexcept {
    if (!session_) return;
    ::dwfl_report_begin(session_);
    ::dwfl_linux_proc_report(session_, ::getpid());
    ::dwfl_report_end(session_, nullptr, nullptr);
  }

 private:
  // libdw would ask the servers in DEBUGINFOD_URLS for missing files, and a callback would wait for the network.
  static int find_debuginfo(Dwfl_Module* module, void** data, const char* name, Dwarf_Addr base, const char* path,
                            const char* link, GElf_Word checksum, char** found) {
    const char* servers = std::getenv("DEBUGINFOD_URLS");
    const bool local = !servers || !*servers;
    return local ? ::dwfl_standard_find_debuginfo(module, data, name, base, path, link, checksum, found)
                 : ::dwfl_build_id_find_debuginfo(module, data, name, base, path, link, checksum, found);
  }
  static inline const Dwfl_Callbacks callbacks{&::dwfl_linux_proc_find_elf, &find_debuginfo, nullptr, nullptr};
  Dwfl* session_;
};

std::string text(const char* from) { return from ? from : ""; }

std::string name_of(Dwarf_Die& function) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {unsigned{DW_AT_linkage_name}, unsigned{DW_AT_MIPS_linkage_name}})
    if (::dwarf_attr_integrate(&function, name, &attribute))
      if (const char* symbol = ::dwarf_formstring(&attribute)) return detail::demangled(symbol);
  const std::string name = text(::dwarf_diename(&function));
  return name == "operator()" || name.starts_with("operator()<") ? "<lambda>" : name;  // local classes have no symbols
}

// Adds the functions around an address, outermost first. `dwarf_getscopes` does something similar, but misses functions
// inside a namespace's entry (as clang writes them), and returns the scopes in which an inlined function was written,
// not those into which it was inlined.
void add_functions(std::vector<Dwarf_Die>& functions, Dwarf_Die& parent, Dwarf_Addr pc) {
  Dwarf_Die child;
  if (::dwarf_child(&parent, &child) != 0) return;
  do {
    const int tag = ::dwarf_tag(&child);
    switch (tag) {
      case DW_TAG_namespace:
      case DW_TAG_module:
      case DW_TAG_class_type:
      case DW_TAG_structure_type: {
        const std::size_t before = functions.size();
        add_functions(functions, child, pc);
        if (functions.size() != before) return;
        break;
      }
      case DW_TAG_subprogram:
      case DW_TAG_inlined_subroutine:
      case DW_TAG_lexical_block:
      case DW_TAG_try_block:
      case DW_TAG_catch_block:
        if (::dwarf_haspc(&child, pc) <= 0) break;
        if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) functions.push_back(child);
        add_functions(functions, child, pc);
        return;
      default:
        break;
    }
  } while (::dwarf_siblingof(&child, &child) == 0);
}

// The compilation unit of an address. libdw uses an index that only g++ writes, and returns the nearest unit; clang's
// units are found by trying all.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr pc, Dwarf_Addr& bias) {
  if (Dwarf_Die* unit = ::dwfl_module_addrdie(module, pc, &bias); unit && ::dwarf_haspc(unit, pc - bias) > 0)
    return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = ::dwfl_module_nextcu(module, unit, &bias)) != nullptr)
    if (::dwarf_haspc(unit, pc - bias) > 0) return unit;
  return nullptr;
}

void set_place(stack_frame& frame, const char* file, int line) {
  if (!file || line <= 0) return;
  frame.file = std::filesystem::path(file).lexically_normal().string();  // clang writes include/../include
  frame.line = static_cast<unsigned>(line);
}

// Sets where the inlined function in `scope` was called.
void set_call_place(stack_frame& caller, Dwarf_Die& unit, Dwarf_Die& scope) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  caller.file.clear();
  caller.line = 0;
  ::dwarf_formudata(::dwarf_attr(&scope, DW_AT_call_file, &attribute), &file);
  ::dwarf_formudata(::dwarf_attr(&scope, DW_AT_call_line, &attribute), &line);
  if (::dwarf_getsrcfiles(&unit, &files, &count) == 0 && file < count)
    set_place(caller, ::dwarf_filesrc(files, file, nullptr, nullptr), static_cast<int>(line));
}

}  // namespace

bool append_by_debug_info(std::vector<stack_frame>& frames, std::uintptr_t address, bool reload) {
  // Never destroyed: a traceback may be written while the process ends.
  static process& here = *new process;
  if (reload) here.report();
  const Dwarf_Addr pc = address - 1;  // inside the call
  Dwfl_Module* module = here.module_of(pc);
  if (!module) return false;

  stack_frame frame;
  frame.address = address;
  Dwarf_Addr begin = 0;
  const char* path = nullptr;
  const char* name = ::dwfl_module_info(module, nullptr, &begin, nullptr, nullptr, nullptr, &path, nullptr);
  frame.module = text(path ? path : name);
  frame.offset = address - begin;
  std::string outermost;
  if (const char* symbol = ::dwfl_module_addrname(module, pc)) outermost = detail::demangled(symbol);

  Dwarf_Addr bias = 0;
  if (Dwarf_Die* unit = unit_of(module, pc, bias)) {
    if (Dwarf_Line* place = ::dwarf_getsrc_die(unit, pc - bias)) {
      int line = 0;
      ::dwarf_lineno(place, &line);
      set_place(frame, ::dwarf_linesrc(place, nullptr, nullptr), line);
    }
    std::vector<Dwarf_Die> functions;
    add_functions(functions, *unit, pc - bias);
    for (; !functions.empty(); functions.pop_back()) {
      Dwarf_Die& function = functions.back();
      if (::dwarf_tag(&function) == DW_TAG_subprogram && outermost.empty()) outermost = name_of(function);
      if (::dwarf_tag(&function) != DW_TAG_inlined_subroutine) continue;
      stack_frame inner = frame;
      inner.function = name_of(function);
      inner.inlined = true;
      frames.push_back(std::move(inner));
      set_call_place(frame, *unit, function);
    }
  }
  frame.function = std::move(outermost);
  frames.push_back(std::move(frame));
  return true;
}

}  // namespace interloop::throw_traces
