// SPDX-License-Identifier: MIT
#include "program.hpp"

#include <interloop/adapters/qt.hpp>

#include <QCoreApplication>

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  interloop::use_qt();
  demo::program program(argc, argv, [] { QCoreApplication::quit(); });
  QCoreApplication::exec();
  return program.report();
}
