// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace demo {
namespace {

[[noreturn]] void refuse(std::string_view name, const char* why) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), why);
  std::exit(2);
}

template <class Number>
void read(std::string_view name, std::string_view text, Number& into, Number least) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc() || end != text.data() + text.size() || into < least) refuse(name, "not a number that fits");
}

}  // namespace

options parse(int argc, char** argv) {
  options given;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) refuse(name, "its value is missing");
    const std::string_view value = argv[i + 1];
    if (name == "--host") {
      given.host = value;
    } else if (name == "--port") {
      read(name, value, given.port, 1);
    } else if (name == "--style") {
      if (value != "callbacks" && value != "coroutines" && value != "attached")
        refuse(name, "'callbacks', 'coroutines' or 'attached'");
      given.style = value;
    } else if (name == "--commands") {
      read(name, value, given.commands, std::uint64_t{2});
    } else if (name == "--window") {
      read(name, value, given.window, std::uint64_t{1});
    } else if (name == "--seed") {
      read(name, value, given.seed, std::uint64_t{0});
    } else {
      refuse(name, "unknown; there are --host --port --style --commands --window --seed");
    }
  }
  return given;
}

}  // namespace demo
