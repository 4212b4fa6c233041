// SPDX-License-Identifier: MIT
// A future as a QFuture, and a QFuture in a coroutine.
#include <QCoreApplication>
#include <QPromise>
#include <QString>
#include <QThreadPool>
#include <chrono>
#include <cstdio>
#include <interloop/adapters/qt.hpp>
#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>
#include <memory>

using namespace std::chrono_literals;

// [in]
QFuture<int> count_in_the_pool(int to) {
  auto end = std::make_shared<QPromise<int>>();
  end->start();
  QThreadPool::globalInstance()->start([end, to] {
    int sum = 0;
    for (int i = 1; i <= to; ++i) sum += i;
    end->addResult(sum);
    end->finish();
  });
  return end->future();
}

interloop::future<QString> report() {
  const int sum = co_await interloop::from_qfuture(count_in_the_pool(100));
  co_await interloop::sleep(1ms);
  co_return QStringLiteral("the sum is %1").arg(sum);
}
// [/in]

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  interloop::use_qt();
  // [out]
  QFuture<void> shown = interloop::to_qfuture(report())
                            .then([](const QString& text) { std::puts(text.toUtf8().constData()); })
                            .onCanceled([] { std::puts("cancelled"); })  // before onFailed
                            .onFailed([](const std::exception& why) { std::puts(why.what()); });
  // [/out]
  shown.then([] { QCoreApplication::quit(); });
  QCoreApplication::exec();
  interloop::close();
}
