// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/sd_event.hpp>
#include <interloop/blocking.hpp>

int main(int count, char** arguments) {
  interloop::setup<interloop::sd_event_loop>();
  return example::blocking_program(count, arguments);
}
