// SPDX-License-Identifier: MIT
#include <interloop/logging/json_sink.hpp>

#include <interloop/detail/json_text.hpp>

#include "logging/output.hpp"
#include "logging/render.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

namespace interloop {

struct json_sink::inside {
  detail::log_output output;
  std::mutex mutex{};
};

namespace {

using detail::append;
using detail::text_buffer;

void put_text(text_buffer& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t size = detail::utf8_size(text);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      append(out, "\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(fmt::appender(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else if (size == 0) {
      append(out, "\\ufffd");
    } else {
      append(out, text.substr(0, size));
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out.push_back('"');
}

void put_value(text_buffer& out, const value_view& value);

void put_members(text_buffer& out, const value_view& value) {
  const bool is_array = value.kind() == value_kind::sequence;
  bool first = true;
  out.push_back(is_array ? '[' : '{');
  value.each([&](value_view key, value_view member) {
    if (!first) out.push_back(',');
    first = false;
    if (!is_array) {
      put_text(out, key.str());
      out.push_back(':');
    }
    put_value(out, member);
  });
  out.push_back(is_array ? ']' : '}');
}

void put_value(text_buffer& out, const value_view& value) {
  switch (value.kind()) {
    case value_kind::none:
      return append(out, "null");
    case value_kind::boolean:
    case value_kind::integer:
    case value_kind::natural:
      return detail::append_value(out, value, {});
    case value_kind::real:
      return std::isfinite(value.as_real()) ? detail::append_value(out, value, {}) : put_text(out, value.str());
    case value_kind::sequence:
    case value_kind::mapping:
    case value_kind::record:
      return put_members(out, value);
    case value_kind::failure:
      append(out, "{\"type\":");
      put_text(out, value.as_failure().type_name());
      append(out, ",\"message\":");
      put_text(out, value.as_failure().message());
      append(out, ",\"traceback\":");
      put_text(out, failure_format_traceback(value.as_failure()));
      return out.push_back('}');
    case value_kind::text:
    case value_kind::other:
      return put_text(out, value.str());
  }
}

void put_field(text_buffer& out, std::string_view name, const value_view& value) {
  out.push_back(',');
  put_text(out, name);
  out.push_back(':');
  const std::size_t begin = out.size();
  const std::string reason = detail::what_is_thrown_by([&] { put_value(out, value); });
  if (reason.empty()) return;
  out.resize(begin);  // half of it may have been written
  put_text(out, reason);
}

bool is_taken(std::span<const field_view> earlier, std::string_view name) {
  static constexpr std::array<std::string_view, 8> own{"log_time", "log_level",  "log_namespace", "log_format",
                                                       "text",     "log_origin", "log_file",      "log_line"};
  const auto same = [&](const field_view& each) { return each.name == name; };
  return std::find(own.begin(), own.end(), name) != own.end() || std::any_of(earlier.begin(), earlier.end(), same);
}

}  // namespace

json_sink::json_sink(std::FILE* out) : inside_(new inside{detail::log_output(out)}) {}
json_sink::json_sink(std::ostream& out) : inside_(new inside{detail::log_output(out)}) {}
json_sink::json_sink(int descriptor) : inside_(new inside{detail::log_output(descriptor)}) {}
json_sink::~json_sink() = default;

void json_sink::write(const log_event& event) {
  text_buffer line;
  fmt::format_to(fmt::appender(line), "{{\"log_time\":{:.6f}",
                 std::chrono::duration<double>(event.time.time_since_epoch()).count());
  put_field(line, "log_level", value_view(to_string(event.level)));
  put_field(line, "log_namespace", value_view(event.name));
  put_field(line, "log_format", value_view(event.format));
  put_field(line, "text", value_view(event.text()));
  if (!event.origin.empty()) put_field(line, "log_origin", value_view(event.origin));
  if (event.where.line() != 0) {
    put_field(line, "log_file", value_view(std::string_view(event.where.file_name())));
    put_field(line, "log_line", value_view(std::uint64_t{event.where.line()}));
  }
  for (std::size_t i = 0; i < event.fields.size(); ++i)
    if (!is_taken(event.fields.first(i), event.fields[i].name))
      put_field(line, event.fields[i].name, event.fields[i].value);
  append(line, "}\n");
  const std::lock_guard lock(inside_->mutex);
  inside_->output.put({line.data(), line.size()}, event.level <= log_level::error);
}

void json_sink::flush() { inside_->output.flush(inside_->mutex); }

}  // namespace interloop
