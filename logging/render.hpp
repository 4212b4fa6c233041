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

/// For `append`, where there is not enough room.
void append_growing(text_buffer& out, std::string_view text);

inline void append(text_buffer& out, std::string_view text) {  // fmt's own version is a call and a loop
  const std::size_t end = out.size();
  const std::size_t size = end + text.size();
  if (size > out.capacity()) [[unlikely]]
    return append_growing(out, text);
  out.resize(size);
  std::copy(text.begin(), text.end(), out.data() + end);
}

/// A value's text. Throws what fmt throws if the specification does not fit, and what a user's formatter throws.
void append_value(text_buffer& out, const value_view& value, std::string_view spec);

/// The same for !r: a text is quoted and escaped as in Python.
void append_quoted(text_buffer& out, const value_view& value);

/// Whether a number in a specification has five digits or more. Where it came from a field, it is data, and a wrong value
/// would hold the thread for minutes.
[[nodiscard]] bool asks_for_much(std::string_view spec) noexcept;

/// A value's text for a sink. If a formatter or a getter throws, the text says what, except if memory is short.
[[nodiscard]] std::string text_of(const value_view& value);

/// Calls `use`. Returns nothing, or in words for a message what it threw, except for std::bad_alloc, which passes
/// through.
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
    return "[this value could not be formatted: an exception that is not a std::exception was thrown]";
  }
}

/// A parsed format. Made once per call site, and kept for as long as the process runs.
struct parsed_format {
  static constexpr std::size_t no_field = ~std::size_t{0};

  struct part {
    std::string_view literal;
    std::string_view inner;        ///< the text of the reference after it, if that is more than {name}
    std::size_t field = no_field;  ///< the index of the call's field that it names; `no_field`: one of the event's own
    bool refers = false;
    bool plain = false;  ///< just {name}, which is one of the call's fields
  };

  parsed_format(std::string_view format, std::span<const field_view> fields);
  parsed_format(const parsed_format&) = delete;
  parsed_format& operator=(const parsed_format&) = delete;

  /// Whether it belongs to that literal, with fields of these names.
  [[nodiscard]] bool is_of(std::string_view literal, std::span<const field_view> fields) const noexcept;

  // Copies: the library that contains the originals may be unloaded, and another one loaded in its place.
  const char* address;  ///< of the literal
  std::string text;
  std::vector<std::string> names;  ///< of the fields
  std::vector<part> parts;
  const parsed_format* later = nullptr;  ///< where to look next
};

/// The literal's parsed form, made at its first use; null if there is no memory to keep it.
const parsed_format* find_parsed(std::string_view literal, std::span<const field_view> fields) noexcept;

/// Fills in the references of an event's format. Lives as long as the event.
class rendering {
 public:
  /// \param parsed    the event's parsed format; null: it is parsed while it is rendered.
  /// \param appended  null, or the failure that the message ends with.
  explicit rendering(const parsed_format* parsed, const failure* appended = nullptr) noexcept
      : parsed_(parsed), appended_(appended) {}
  rendering(const rendering&) = delete;
  rendering& operator=(const rendering&) = delete;

  void attach(log_event& event) noexcept { event.unrendered_ = this; }
  void set_text(log_event& event, std::string_view text) noexcept {
    event.text_ = text;
    event.unrendered_ = nullptr;
  }

  /// If anything goes wrong, the text says so, after the format itself: no message is lost by a mistake in its format.
  [[nodiscard]] std::string_view text_of(const log_event& event);

  /// Makes an event; its constructor is only for the code that fills it.
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
