// SPDX-License-Identifier: MIT
// Texts of values and messages.
#pragma once

#include <interloop/logging/detail/scan.hpp>
#include <interloop/logging/event.hpp>
#include <interloop/logging/format.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::detail {

using text_buffer = fmt::memory_buffer;

inline void append(text_buffer& out, std::string_view text) {  // fmt's own is a call and a loop
  const std::size_t end = out.size();
  out.resize(end + text.size());
  std::copy(text.begin(), text.end(), out.data() + end);
}

/// A value's text. Throws what fmt throws where the specification does not fit, and what a user's formatter throws.
void append_value(text_buffer& out, const value_view& value, std::string_view spec);

/// The same for !r: a text is quoted, with escapes, as Python does it.
void append_quoted(text_buffer& out, const value_view& value);

/// A value's text for a sink. What a formatter or a getter throws is said in its place, but for want of memory.
[[nodiscard]] std::string text_of(const value_view& value);

/// Calls `use`, and returns nothing; or what it threw, in words for a message, but for want of memory, which it throws.
template <class Use>
[[nodiscard]] std::string what_is_thrown_by(Use use) {
  try {
    use();
    return {};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return std::string("[this value could not be formatted: ") + e.what() + ']';
  } catch (...) {
    return "[this value could not be formatted: something that is no std::exception was thrown]";
  }
}

/// A format after reading. Made once for a call site, and kept for as long as the process runs.
struct parsed_format {
  static constexpr std::size_t no_field = ~std::size_t{0};

  struct part {
    std::string_view literal;
    std::string_view inner;        ///< of the reference behind it, if it is more than {name}
    std::size_t field = no_field;  ///< which of the call's fields it names; none of them: one of the event's own
    bool refers = false;
    bool plain = false;  ///< just {name}, and that is one of the call's
  };

  parsed_format(std::string_view format, std::span<const field_view> fields);
  parsed_format(const parsed_format&) = delete;
  parsed_format& operator=(const parsed_format&) = delete;

  /// Whether it is that literal's, for fields of these names.
  [[nodiscard]] bool is_of(std::string_view literal, std::span<const field_view> fields) const noexcept;

  // Copies: the library that these are in may be unloaded, and another one come to its place.
  const char* address;  ///< of the literal
  std::string text;
  std::vector<std::string> names;  ///< of the fields
  std::vector<part> parts;
  const parsed_format* later = nullptr;  ///< where to look next
};

/// The literal's parsed form, which is made at its first call; null where there is no memory to keep it.
const parsed_format* find_parsed(std::string_view literal, std::span<const field_view> fields) noexcept;

/// Fills in the references of an event's format. Lives beside the event, for as long.
class rendering {
 public:
  /// \param parsed    the event's format, read before; null: it is read as it is rendered.
  /// \param appended  null, or what the message ends with.
  explicit rendering(const parsed_format* parsed, const failure* appended = nullptr) noexcept
      : parsed_(parsed), appended_(appended) {}
  rendering(const rendering&) = delete;
  rendering& operator=(const rendering&) = delete;

  void attach(log_event& event) noexcept { event.unrendered_ = this; }
  void set_text(log_event& event, std::string_view text) noexcept {
    event.text_ = text;
    event.unrendered_ = nullptr;
  }

  /// Whatever goes wrong is said in the text, which then begins with the format itself: no message is lost by a mistake
  /// in how it is written.
  [[nodiscard]] std::string_view text_of(const log_event& event);

  /// An event, whose constructor is for those who fill it.
  [[nodiscard]] static log_event make() noexcept { return log_event(); }

 private:
  void render(const log_event& event);
  void render_reference(const log_event& event, const field_view* field, std::string_view inner);
  void render_spec(const log_event& event, std::string_view spec, text_buffer& into);

  const parsed_format* parsed_;
  const failure* appended_;
  text_buffer out_;
};

}  // namespace interloop::detail
