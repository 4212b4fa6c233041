// SPDX-License-Identifier: MIT
#include "window.hpp"

#include <interloop/qt_future.hpp>

#include <QHBoxLayout>
#include <QStringList>
#include <QVBoxLayout>

#include <string>
#include <vector>

namespace {

QString described(const redis::reply& got) {
  switch (got.type()) {
    case redis::reply::kind::nil:
      return QStringLiteral("(nil)");
    case redis::reply::kind::integer:
      return QString::number(got.integer());
    case redis::reply::kind::array: {
      QStringList parts;
      for (const redis::reply& each : got.elements()) parts << described(each);
      return QStringLiteral("[%1]").arg(parts.join(QStringLiteral(", ")));
    }
    default:
      return QString::fromStdString(got.text());
  }
}

}  // namespace

window::window(const QString& host, int port) {
  setWindowTitle(QStringLiteral("Redis"));
  line_.setPlaceholderText(QStringLiteral("SET answer 42"));
  auto* const all = new QVBoxLayout(this);
  auto* const top = new QHBoxLayout;
  top->addWidget(&line_);
  top->addWidget(&send_);
  all->addLayout(top);
  all->addWidget(&replies_);
  all->addWidget(&state_);
  QObject::connect(&line_, &QLineEdit::returnPressed, &send_, &QPushButton::click);
  serving_ = serve(host, port);
}

window::~window() {
  interloop::cancel(serving_);  // it refers to this
  client_.close();
}

// [serve]
interloop::future<void> window::serve(QString host, int port) {
  try {
    state_.setText(QStringLiteral("connecting …"));
    co_await client_.connect(host.toStdString(), port);
    state_.setText(QStringLiteral("connected to %1:%2").arg(host).arg(port));
    for (;;) {
      co_await interloop::next_signal(&send_, &QPushButton::clicked);
      co_await ask(line_.text());  // the window stays alive meanwhile
    }
  } catch (const redis::connection_error& why) {
    state_.setText(QString::fromUtf8(why.what()));
  }
}

interloop::future<void> window::ask(QString command) {
  std::vector<std::string> texts;
  for (const QString& part : command.split(QLatin1Char(' '), Qt::SkipEmptyParts)) texts.push_back(part.toStdString());
  QString answer;
  try {
    const std::vector<redis::word> words(texts.begin(), texts.end());
    answer = described(co_await client_.send(words));
  } catch (const redis::error_reply& why) {
    answer = QString::fromUtf8(why.what());
  } catch (const interloop::usage_error& why) {
    answer = QString::fromUtf8(why.what());
  }
  replies_.addItem(QStringLiteral("%1  →  %2").arg(command, answer));
}
// [/serve]

interloop::future<QStringList> window::play(QStringList commands) {
  while (!client_.connected()) co_await interloop::sleep(std::chrono::milliseconds(1));
  for (const QString& each : commands) {
    line_.setText(each);
    const auto answered = interloop::next_signal(replies_.model(), &QAbstractItemModel::rowsInserted);
    send_.click();
    co_await answered;
  }
  QStringList shown;
  for (int i = 0; i < replies_.count(); ++i) shown << replies_.item(i)->text();
  co_return shown;
}
