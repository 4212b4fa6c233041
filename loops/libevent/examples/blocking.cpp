// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/libevent.hpp>
#include <interloop/blocking.hpp>

int main(int count, char** arguments) {
  interloop::setup<interloop::libevent_loop>();
  return example::blocking_program(count, arguments);
}
