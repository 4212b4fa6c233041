// SPDX-License-Identifier: MIT
// redis_window [--host HOST] [--port PORT] [--picture FILE] [COMMAND...]: without commands, a window for the user. With
// commands, it plays them, prints what it shows, and ends; FILE gets a picture of it.
#include "window.hpp"

#include <interloop/adapters/qt.hpp>
#include <interloop/qt_future.hpp>

#include <QApplication>
#include <QCommandLineParser>

#include <cstdio>

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QCommandLineParser given;
  given.addHelpOption();
  given.addOptions({{QStringLiteral("host"), {}, QStringLiteral("host"), QStringLiteral("127.0.0.1")},
                    {QStringLiteral("port"), {}, QStringLiteral("port"), QStringLiteral("6379")},
                    {QStringLiteral("picture"), {}, QStringLiteral("file")}});
  given.addPositionalArgument(QStringLiteral("commands"), {}, QStringLiteral("[command...]"));
  given.process(application);

  // [main]
  interloop::use_qt();
  int status = 0;
  {
    window shown(given.value(QStringLiteral("host")), given.value(QStringLiteral("port")).toInt());
    shown.resize(420, 240);
    shown.show();
    // [/main]
    QFuture<void> played;
    if (!given.positionalArguments().isEmpty()) {
      played = interloop::to_qfuture(shown.play(given.positionalArguments()))
                   .then(&shown,
                         [&](const QStringList& all) {
                           for (const QString& line : all) std::puts(line.toUtf8().constData());
                           if (given.isSet(QStringLiteral("picture")) &&
                               !shown.grab().save(given.value(QStringLiteral("picture"))))
                             status = 1;
                         })
                   .onCanceled([&] { status = 1; })
                   .onFailed([&](const std::exception& why) {
                     std::fprintf(stderr, "redis_window: %s\n", why.what());
                     status = 1;
                   });
      played.then([] { QCoreApplication::quit(); });
    }
    QCoreApplication::exec();
  }
  interloop::close();
  return status;
}
