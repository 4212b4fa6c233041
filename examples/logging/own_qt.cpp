// SPDX-License-Identifier: MIT
// A Qt application with a pattern for its messages, and a library that logs with interloop, without start_logging.
#include <interloop/logger.hpp>
#include <interloop/logging/qt.hpp>

#include <QLoggingCategory>

#include <cstdio>

using namespace interloop::literals;

void library_code() {
  const auto log = interloop::make_logger("library");
  log.info("Hopping {times} times.", "times"_a = 42);
  log.warn("A {animal} was spotted.", "animal"_a = "fox");
}

int main() {
  // [own]
  qInstallMessageHandler([](QtMsgType type, const QMessageLogContext& context, const QString& message) {
    std::puts(qPrintable(qFormatLogMessage(type, context, message)));
  });
  qSetMessagePattern("[%{category}] [%{type}] %{message}");
  interloop::add_log_sink(interloop::make_qt_sink());
  // [/own]
  qInfo("starting");
  library_code();
}
