// SPDX-License-Identifier: MIT
// Texts of values and messages.
#pragma once

#include <interloop/logging/detail/scan.hpp>
#include <interloop/logging/event.hpp>

#include <fmt/format.h>

#include <exception>
#include <string>
#include <string_view>

namespace interloop::detail {

using text_buffer = fmt::memory_buffer;

inline void append(text_buffer& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

/// A value's text. Throws what fmt throws where the specification does not fit, and what a user's formatter throws.
void append_value(text_buffer& out, const value_view& value, std::string_view spec);

/// The same for !r: a text is quoted, with escapes, as Python does it.
void append_quoted(text_buffer& out, const value_view& value);

/// Fills in the references of an event's format. Lives beside the event, for as long.
class rendering {
 public:
  /// \param pieces  what the compiler made of the format; null: the format is read now.
  rendering(const compiled_piece* pieces, std::size_t count, const failure* appended) noexcept
      : pieces_(pieces), count_(count), appended_(appended) {}
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

  const compiled_piece* pieces_;
  std::size_t count_;
  const failure* appended_;
  text_buffer out_;
};

}  // namespace interloop::detail
