// SPDX-License-Identifier: MIT
#include "loops.hpp"

#include <interloop/adapters/asio.hpp>

namespace {

class on_asio final : public test_loop {
 public:
  interloop::loop& get() override { return loop_; }

 private:
  asio::io_context native_;
  interloop::asio_loop loop_{native_};
};

const bool added = add_loop_kind<on_asio>("asio");

}  // namespace
