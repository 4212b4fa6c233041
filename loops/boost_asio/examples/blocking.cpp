// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/boost_asio.hpp>
#include <interloop/blocking.hpp>

int main(int count, char** arguments) {
  interloop::setup<interloop::boost_asio_loop>();
  return example::blocking_program(count, arguments);
}
