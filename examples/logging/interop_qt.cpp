// SPDX-License-Identifier: MIT
// Existing code that logs with Qt's categories, in an application that calls start_logging.
#include <interloop/logger.hpp>
#include <interloop/logging/qt.hpp>
#include <interloop/logging/start.hpp>

#include <QLoggingCategory>

// [existing]
Q_LOGGING_CATEGORY(roy, "roy")

void existing_code() {
  qInfo("A message of Qt's: %s", "txaio was here");
  qCDebug(roy) << "And one of a category's:" << 42;
}

int main() {
  interloop::start_logging(stdout, "debug");
  interloop::receive_qt();
  interloop::make_logger().info("before");
  existing_code();
  interloop::make_logger().info("after");
}
// [/existing]
