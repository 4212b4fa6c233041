// SPDX-License-Identifier: MIT
// What does a future cost that goes out as a QFuture with a continuation, compared with a QPromise by hand; 1,000 in one
// turn?
//
// By hand it is completed by an event, as a future is in a turn, and hears of QFuture::cancel by a watcher; or it is
// completed at once, and hears of nothing.
#include "loops/qt/fixture.hpp"

#include <interloop/interloop.hpp>
#include <interloop/qt_future.hpp>

#include <benchmark/benchmark.h>

#include <QFutureWatcher>
#include <QPromise>

#include <memory>
#include <utility>

namespace bench {
namespace {

constexpr int batch = 1000;

void qfuture_out(benchmark::State& state) {
  interloop::test::on_qt on;
  long sum = 0;
  int finished = 0;
  for (auto _ : state) {
    on.core().call_soon([&] {
      for (int i = 0; i < batch; ++i) {
        interloop::promise<int> end(on.core());
        to_qfuture(end.get_future()).then([&](int value) {
          sum += value;
          ++finished;
        });
        end.resolve(i);
      }
    });
    for (finished = 0; finished < batch;) QCoreApplication::processEvents();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// The least: neither a later turn nor cancelling.
void qpromise_at_once(benchmark::State& state) {
  interloop::test::need_application();
  long sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      QPromise<int> end;
      end.start();
      end.future().then([&](int value) { sum += value; });
      end.addResult(i);
      end.finish();
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// What else a future does.
template <bool Watched>
void qpromise_by_hand(benchmark::State& state) {
  class canceled final : public QFutureWatcher<int> {
   protected:
    bool event(QEvent* event) override { return QFutureWatcher<int>::event(event); }
  };
  struct operation {
    QPromise<int> end;
    std::unique_ptr<canceled> watcher;
  };
  interloop::test::need_application();
  QObject context;
  long sum = 0;
  int finished = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      operation one;
      one.end.start();
      one.end.future().then([&](int value) {
        sum += value;
        ++finished;
      });
      if constexpr (Watched) {
        one.watcher = std::make_unique<canceled>();
        one.watcher->setFuture(one.end.future());
      }
      const auto complete = [held = std::make_shared<operation>(std::move(one)), i] {
        held->watcher.reset();
        held->end.addResult(i);
        held->end.finish();
      };
      QMetaObject::invokeMethod(&context, complete, Qt::QueuedConnection);
    }
    for (finished = 0; finished < batch;) QCoreApplication::processEvents();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(qfuture_out);
BENCHMARK(qpromise_by_hand<true>)->Name("qpromise_by_hand_that_can_be_cancelled");
BENCHMARK(qpromise_by_hand<false>)->Name("qpromise_by_hand");
BENCHMARK(qpromise_at_once);

}  // namespace
}  // namespace bench
