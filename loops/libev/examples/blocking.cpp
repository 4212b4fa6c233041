// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/libev.hpp>
#include <interloop/blocking.hpp>

int main(int count, char** arguments) {
  interloop::setup<interloop::libev_loop>();
  return example::blocking_program(count, arguments);
}
