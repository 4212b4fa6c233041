// SPDX-License-Identifier: MIT
#include <interloop/detail/place_text.hpp>

namespace interloop::detail {

std::string place_text(const std::source_location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace interloop::detail
