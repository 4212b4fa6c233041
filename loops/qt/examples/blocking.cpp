// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/qt.hpp>
#include <interloop/blocking.hpp>

#include <QCoreApplication>

int main(int count, char** arguments) {
  // Without an application Qt delivers no events, in no thread, and the loop's thread ends after main: never destroyed.
  static int kept = count;
  new QCoreApplication(kept, arguments);
  interloop::setup<interloop::qt_loop>();
  return example::blocking_program(count, arguments);
}
