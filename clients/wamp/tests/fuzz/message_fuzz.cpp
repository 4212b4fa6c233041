// SPDX-License-Identifier: MIT
// Messages in all formats. The first byte chooses the format. Whatever the rest is, it is read or refused; and a value that
// was read is the same after it was written and read again.
#include "clients/wamp/message.hpp"

#include <interloop/wamp/codec.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace interloop::wamp;

template <class T>
void read_as(const detail::payload& got) {
  try {
    static_cast<void>(detail::read_result<T>(got));
  } catch (const value_error&) {
  }
}

/// NaN is equal to nothing, so texts are compared.
void there_and_back(serializer format, std::string_view bytes) {
  reader from(format, bytes);
  const value read = codec<value>::read(from);
  from.finish();
  writer to(format);
  codec<value>::write(to, read);
  reader back(format, to.view());
  const value again = codec<value>::read(back);
  back.finish();
  if (to_text(again) != to_text(read)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = static_cast<serializer>(data[0] % 3);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    there_and_back(format, bytes);
  } catch (const protocol_error&) {
  } catch (const value_error&) {
  }
  message got;
  try {
    got = read_message(format, bytes);
  } catch (const protocol_error&) {
    return 0;
  }
  // From here on, the bytes were checked: a protocol_error is a mistake, and ends the fuzzer.
  static_cast<void>(get_flag(got.body, "progress"));
  static_cast<void>(get_id(got.body, "timeout"));
  static_cast<void>(get_text(got.body, "message"));
  for (const std::string_view part : {got.body.details, got.body.args, got.body.kwargs})
    if (!part.empty()) there_and_back(format, part);
  read_as<std::vector<std::int8_t>>(got.body);
  read_as<std::tuple<std::string, double>>(got.body);
  read_as<std::optional<std::map<std::string, std::vector<bool>>>>(got.body);
  read_as<binary>(got.body);
  read_as<result>(got.body);
  return 0;
}
