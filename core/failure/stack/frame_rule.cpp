// SPDX-License-Identifier: MIT
// Reads .eh_frame. The format is that of the Linux Standard Base ("Exception Frames") and of DWARF's section on call
// frame information; register numbers are those of the x86-64 psABI. Understands only what x86-64 compilers generate
// for usual functions; for everything else the answer is `unknown`, never a guess.
#include "frame_rule.hpp"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstring>
#include <iterator>

namespace interloop::stack {

namespace {

constexpr unsigned bp = 6, sp = 7, return_column = 16;

class reader {
 public:
  reader(const std::uint8_t* at, const std::uint8_t* end) noexcept : at_(at), end_(end) {}

  [[nodiscard]] bool more() const noexcept { return ok_ && at_ < end_; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] const std::uint8_t* at() const noexcept { return at_; }

  template <class T>
  T fixed() noexcept {
    T value{};
    if (!has(sizeof(T))) return value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint64_t uleb() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (!(byte & 0x80U)) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t sleb() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte & 0x80U) continue;
      if (byte & 0x40U && shift + 7 < 64) value |= ~std::uint64_t{0} << (shift + 7);
      return static_cast<std::int64_t>(value);
    }
    ok_ = false;
    return 0;
  }
  void skip(std::uint64_t count) noexcept {
    if (has(count)) at_ += count;
  }
  /// A pointer in one of the encodings that assemblers use on x86-64.
  std::uintptr_t pointer(std::uint8_t encoding) noexcept {
    const auto place = reinterpret_cast<std::uintptr_t>(at_);
    std::uintptr_t value = 0;
    switch (encoding & 0x0fU) {
      case 0x00:  // as wide as a pointer
      case 0x04:  // 8 bytes
      case 0x0c:
        value = fixed<std::uint64_t>();
        break;
      case 0x03:  // 4 bytes
        value = fixed<std::uint32_t>();
        break;
      case 0x0b:  // 4 bytes, signed
        value = static_cast<std::uintptr_t>(static_cast<std::intptr_t>(fixed<std::int32_t>()));
        break;
      default:
        ok_ = false;
    }
    if ((encoding & 0x70U) == 0x10U) {
      value += place;  // relative to itself
    } else if ((encoding & 0x70U) != 0) {
      ok_ = false;
    }
    return value;
  }

 private:
  bool has(std::uint64_t count) noexcept {
    if (static_cast<std::uint64_t>(end_ - at_) < count) ok_ = false;
    return ok_;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

/// The rules of the relevant registers at an address.
struct row {
  enum class saved : std::uint8_t { no, at_offset, undefined, other };
  struct place {
    saved how = saved::no;
    std::int64_t offset = 0;  // from the CFA
  };
  std::uint64_t base = 0;
  std::int64_t offset = 0;
  bool expression = false;  // the CFA is computed
  place frame_pointer, return_address;

  place* of(std::uint64_t column) noexcept {
    return column == bp ? &frame_pointer : column == return_column ? &return_address : nullptr;
  }
};

struct common {  // a CIE
  std::uint64_t code_factor = 1;
  std::int64_t data_factor = 1;
  std::uint8_t pointer_encoding = 0;
  bool augmented = false;
  row initial;
};

/// Executes instructions up to the first one for addresses after `target`. Returns false for an instruction that is not
/// understood.
bool execute(reader from, const common& cie, std::uintptr_t location, std::uintptr_t target, row& now) noexcept {
  row remembered[8];
  std::size_t depth = 0;
  const auto save = [&](std::uint64_t column, row::place where) {
    if (row::place* place = now.of(column)) *place = where;
  };
  const auto at = [&](std::int64_t factored) { return row::place{row::saved::at_offset, factored * cie.data_factor}; };
  const auto restore = [&](std::uint64_t column) {
    row initial = cie.initial;
    if (row::place* place = initial.of(column)) save(column, *place);
  };
  while (from.more()) {
    const auto code = from.fixed<std::uint8_t>();
    const unsigned operand = code & 0x3fU;
    std::uint64_t column = 0;
    switch (code & 0xc0U) {
      case 0x40:  // advance_loc
        location += operand * cie.code_factor;
        if (location > target) return true;
        continue;
      case 0x80:  // offset
        save(operand, at(static_cast<std::int64_t>(from.uleb())));
        continue;
      case 0xc0:  // restore
        restore(operand);
        continue;
      default:
        break;
    }
    switch (code) {
      case 0x00:  // nop
        break;
      case 0x02:  // advance_loc1
        location += from.fixed<std::uint8_t>() * cie.code_factor;
        if (location > target) return from.ok();
        break;
      case 0x03:  // advance_loc2
        location += from.fixed<std::uint16_t>() * cie.code_factor;
        if (location > target) return from.ok();
        break;
      case 0x04:  // advance_loc4
        location += from.fixed<std::uint32_t>() * cie.code_factor;
        if (location > target) return from.ok();
        break;
      case 0x05:  // offset_extended
        column = from.uleb();
        save(column, at(static_cast<std::int64_t>(from.uleb())));
        break;
      case 0x06:  // restore_extended
        restore(from.uleb());
        break;
      case 0x07:  // undefined
        save(from.uleb(), {row::saved::undefined, 0});
        break;
      case 0x08:  // same_value
        save(from.uleb(), {row::saved::no, 0});
        break;
      case 0x09:  // register
        save(from.uleb(), {row::saved::other, 0});
        from.uleb();
        break;
      case 0x0a:  // remember_state
        if (depth == std::size(remembered)) return false;
        remembered[depth++] = now;
        break;
      case 0x0b:  // restore_state
        if (depth == 0) return false;
        now = remembered[--depth];
        break;
      case 0x0c:  // def_cfa
        now.base = from.uleb();
        now.offset = static_cast<std::int64_t>(from.uleb());
        now.expression = false;
        break;
      case 0x0d:  // def_cfa_register
        now.base = from.uleb();
        now.expression = false;
        break;
      case 0x0e:  // def_cfa_offset
        now.offset = static_cast<std::int64_t>(from.uleb());
        break;
      case 0x0f:  // def_cfa_expression
        now.expression = true;
        from.skip(from.uleb());
        break;
      case 0x10:  // expression
      case 0x16:  // val_expression
        save(from.uleb(), {row::saved::other, 0});
        from.skip(from.uleb());
        break;
      case 0x11:  // offset_extended_sf
        column = from.uleb();
        save(column, at(from.sleb()));
        break;
      case 0x12:  // def_cfa_sf
        now.base = from.uleb();
        now.offset = from.sleb() * cie.data_factor;
        now.expression = false;
        break;
      case 0x13:  // def_cfa_offset_sf
        now.offset = from.sleb() * cie.data_factor;
        break;
      case 0x2e:  // GNU_args_size
        from.uleb();
        break;
      default:
        return false;
    }
  }
  return from.ok();
}

/// An entry's contents, from after its length to its end. Empty for kinds that x86-64 does not have.
reader contents(const std::uint8_t* entry) noexcept {
  std::uint32_t length = 0;
  std::memcpy(&length, entry, 4);
  if (length == 0 || length == 0xffffffffU) return {entry, entry};
  return {entry + 4, entry + 4 + length};
}

bool read_common(const std::uint8_t* entry, common& cie) noexcept {
  reader from = contents(entry);
  if (!from.more() || from.fixed<std::uint32_t>() != 0) return false;
  const auto version = from.fixed<std::uint8_t>();
  if (version != 1 && version != 3) return false;
  const auto* augmentation = reinterpret_cast<const char*>(from.at());
  from.skip(std::strlen(augmentation) + 1);
  cie.code_factor = from.uleb();
  cie.data_factor = from.sleb();
  if ((version == 1 ? from.fixed<std::uint8_t>() : from.uleb()) != return_column) return false;
  if (*augmentation == 'z') {
    cie.augmented = true;
    const std::uint64_t length = from.uleb();
    const std::uint8_t* instructions = from.at() + length;
    for (const char* letter = augmentation + 1; *letter; ++letter) {
      if (*letter == 'R') {
        cie.pointer_encoding = from.fixed<std::uint8_t>();
      } else if (*letter == 'L') {
        from.skip(1);
      } else if (*letter == 'P') {
        const auto encoding = from.fixed<std::uint8_t>();
        if (encoding == 0x50) return false;  // aligned
        from.pointer(encoding & 0x0fU);      // only its size matters
      } else {
        return false;  // 'S' is a signal's frame
      }
    }
    if (!from.ok() || from.at() > instructions) return false;
    from.skip(static_cast<std::uint64_t>(instructions - from.at()));
  } else if (*augmentation) {
    return false;
  }
  return from.ok() && execute(from, cie, 0, 0, cie.initial);
}

frame_rule read_rule(const std::uint8_t* entry, std::uintptr_t pc) noexcept {
  using kind = frame_rule::kind;
  reader from = contents(entry);
  if (!from.more()) return frame_rule(kind::unknown);
  const std::uint8_t* here = from.at();
  const auto back = from.fixed<std::uint32_t>();
  common cie;
  if (back == 0 || !read_common(here - back, cie)) return frame_rule(kind::unknown);
  const std::uintptr_t begin = from.pointer(cie.pointer_encoding);
  const std::uintptr_t size = from.pointer(cie.pointer_encoding & 0x0fU);
  if (!from.ok()) return frame_rule(kind::unknown);
  if (pc < begin || pc - begin >= size) return frame_rule(kind::end);  // in a gap between functions with tables
  if (cie.augmented) from.skip(from.uleb());
  row now = cie.initial;
  if (!execute(from, cie, begin, pc, now)) return frame_rule(kind::unknown);
  if (now.return_address.how == row::saved::undefined) return frame_rule(kind::end);
  const bool usual = !now.expression && (now.base == sp || now.base == bp) &&
                     now.return_address.how == row::saved::at_offset && now.return_address.offset == -8 &&
                     now.offset > 0 && now.offset < INT32_MAX;
  const auto& saved = now.frame_pointer;
  if (!usual || saved.how == row::saved::other || saved.how == row::saved::undefined) return frame_rule(kind::unknown);
  if (saved.how == row::saved::no) return frame_rule(now.base == bp, static_cast<std::int32_t>(now.offset), 0);
  if (saved.offset >= 0 || saved.offset % 8 != 0 || saved.offset < -8 * 0xffffff) return frame_rule(kind::unknown);
  return frame_rule(now.base == bp, static_cast<std::int32_t>(now.offset), static_cast<std::int32_t>(saved.offset));
}

struct search {
  std::uintptr_t pc;
  const std::uint8_t* table;  // .eh_frame_hdr of the module that contains the address
};

int look_into(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<search*>(data);
  const std::uint8_t* table = nullptr;
  bool inside = false;
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD) inside = inside || wanted.pc - begin < segment.p_memsz;
    if (segment.p_type == PT_GNU_EH_FRAME) table = reinterpret_cast<const std::uint8_t*>(begin);
  }
  if (inside) wanted.table = table;
  return inside ? 1 : 0;
}

}  // namespace

frame_rule find_frame_rule(std::uintptr_t return_address) noexcept {
  search wanted{return_address - 1, nullptr};  // the call may be its function's last instruction
  if (::dl_iterate_phdr(&look_into, &wanted) == 0 || !wanted.table) return frame_rule(frame_rule::kind::unknown);

  // Version 1, a relative pointer to .eh_frame, the count in 4 bytes, and a sorted table relative to this header.
  const std::uint8_t* header = wanted.table;
  if (header[0] != 1 || (header[1] & 0x0fU) != 0x0b || header[2] != 0x03 || header[3] != 0x3b)
    return frame_rule(frame_rule::kind::unknown);
  struct entry {
    std::int32_t function;
    std::int32_t description;
  };
  std::uint32_t count = 0;
  std::memcpy(&count, header + 8, sizeof count);
  const auto* entries = reinterpret_cast<const entry*>(header + 12);
  const auto offset = static_cast<std::intptr_t>(wanted.pc) - reinterpret_cast<std::intptr_t>(header);
  std::uint32_t low = 0;
  while (count > 0) {  // find the last entry that begins at or before the address
    const std::uint32_t half = (count + 1) / 2;
    if (entries[low + half - 1].function <= offset) {
      low += half;
      count -= half;
    } else {
      count = half - 1;
    }
  }
  if (low == 0) return frame_rule(frame_rule::kind::end);
  return read_rule(header + entries[low - 1].description, wanted.pc);
}

}  // namespace interloop::stack
