// SPDX-License-Identifier: MIT
#include <interloop/channel.hpp>

namespace interloop::detail {

void throw_channel_closed() {
  throw channel_closed("send: the channel is closed; the item was not sent. Stop sending when closed() is true");
}

}  // namespace interloop::detail
