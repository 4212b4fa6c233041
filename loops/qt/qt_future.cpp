// SPDX-License-Identifier: MIT
#include <interloop/qt_future.hpp>

namespace interloop::detail {

void throw_no_sender() {
  throw usage_error("next_signal: the sender is null; pass the object that will emit the signal");
}

void throw_not_connected() {
  throw usage_error(
      "next_signal: Qt refuses the connection: this member is not a signal, or the program is not compiled as Qt "
      "demands; "
      "name a signal, and compile with -fPIC, as CMake's target Qt6::Core does");
}

}  // namespace interloop::detail
