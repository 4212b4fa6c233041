// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/boost_asio.hpp>

int main(int argc, char** argv) {
  boost::asio::io_context native;
  interloop::use_boost_asio(native, interloop::one_thread);
  demo::program program(argc, argv, [&] { native.stop(); });
  native.run();
  return program.report();
}
