// SPDX-License-Identifier: MIT
// Any text, from any source, as a format: it is refused with a reason, or logged, and never does harm. A text that is
// accepted at run time is rendered the same when it is parsed anew for each message as when it is parsed once, like a
// literal.
#include <interloop/logger.hpp>

#include <interloop/error.hpp>
#include <interloop/logging/categories.hpp>
#include <interloop/logging/json_sink.hpp>
#include <interloop/logging/sink.hpp>

#include "logging/render.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct shape {
  int sides;
  std::map<std::string, std::vector<double>> lengths;
};

}  // namespace

template <>
inline constexpr auto interloop::description<shape> =
    interloop::describe("sides", &shape::sides, "lengths", &shape::lengths);

namespace {

using namespace interloop::literals;

class text_sink : public interloop::log_sink {
 public:
  void write(const interloop::log_event& event) override { text = event.text(); }
  std::string text;
};

struct outputs {
  std::shared_ptr<text_sink> text = std::make_shared<text_sink>();
  std::ostringstream json;
  outputs() {
    interloop::add_log_sink(text);
    interloop::add_log_sink(std::make_shared<interloop::json_sink>(json));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static outputs* const out = new outputs;
  static const interloop::logger log = interloop::make_logger("fuzz");
  const std::string_view format(reinterpret_cast<const char*>(data), size);
  // A width that the format itself has may be two thousand million, as in fmt; such results are not the subject here.
  if (interloop::detail::asks_for_much(format)) return 0;

  const shape square{4, {{"top", {1.5, 2}}, {"", {}}}};
  const std::string text("te\0xt", 5);
  try {
    log.info(interloop::runtime(format), "x"_a = 42, "text"_a = text, "shape"_a = square, "pi"_a = 3.25);
  } catch (const interloop::usage_error& e) {
    if (std::string_view(e.what()).find("is invalid at character") == std::string_view::npos) std::abort();
    return 0;
  }
  const std::string first = out->text->text;
  interloop::add_log_categories({{"fuzz", format}});
  log.info("log_category"_a = "fuzz", "x"_a = 42, "text"_a = text, "shape"_a = square, "pi"_a = 3.25);
  // Only the time may differ, and the list of the fields.
  if (out->text->text != first && format.find("log_time") == format.npos &&
      first.find("could not be formatted") == first.npos)
    std::abort();
  const std::string line = out->json.str();
  if (line.empty() || line.back() != '\n') std::abort();
  out->json.str({});
  return 0;
}
