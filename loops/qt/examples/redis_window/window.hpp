// SPDX-License-Identifier: MIT
// A window that sends commands to a Redis server and lists the replies. The client names no
// loop; the coroutines await it, and the window's own signals.
#pragma once

#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QString>
#include <QWidget>

namespace redis = interloop::redis;

/// Thread safety: the application's thread. It uses the selected loop, which must outlive it.
class window final : public QWidget {
 public:
  window(const QString& host, int port);
  ~window() override;

  /// Types each command, clicks on Send, and waits for the reply. \return what the list then shows.
  interloop::future<QStringList> play(QStringList commands);

 private:
  interloop::future<void> serve(QString host, int port);
  interloop::future<void> ask(QString command);

  redis::client client_;
  QLabel state_;
  QLineEdit line_;
  QPushButton send_{QStringLiteral("Send")};
  QListWidget replies_;
  interloop::future<void> serving_;
};
