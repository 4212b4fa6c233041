// SPDX-License-Identifier: MIT
// The library of retry.hpp on Qt.
#include <QCoreApplication>
#include <cstdio>
#include <interloop/adapters/qt.hpp>

#include "retry.hpp"

// [main]
int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  interloop::use_qt();

  auto answer = retry(interloop::with_config(), 5, fetch);
  interloop::add_callbacks(answer, [](const std::string& text) {
    std::puts(text.c_str());
    QCoreApplication::quit();
  });

  QCoreApplication::exec();
  interloop::close();
}
// [/main]
