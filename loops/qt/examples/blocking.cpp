// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include <interloop/adapters/qt.hpp>
#include <interloop/blocking.hpp>

#include <QCoreApplication>

int main(int count, char** arguments) {
  QCoreApplication application(count, arguments);  // without it Qt delivers no events, in no thread
  interloop::setup<interloop::qt_loop>();
  return example::blocking_program(count, arguments);
}
