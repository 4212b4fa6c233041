// SPDX-License-Identifier: MIT
#include "bench/watch.hpp"

#include "loops/qt/fixture.hpp"

namespace bench {
namespace {

void bare_qt(benchmark::State& state) {
  class player : public QSocketNotifier {
   public:
    player(table_tennis& game, int end, QEventLoop& running)
        : QSocketNotifier(end, QSocketNotifier::Read), game_(game), end_(end), running_(running) {}

   protected:
    bool event(QEvent* event) override {
      if (event->type() != QEvent::SockAct) return QSocketNotifier::event(event);
      if (!game_.pass(end_)) running_.quit();
      return true;
    }

   private:
    table_tennis& game_;
    int end_;
    QEventLoop& running_;
  };
  interloop::test::need_application();
  table_tennis game;
  QEventLoop running;
  player one(game, game.ends[0], running);
  player other(game, game.ends[1], running);
  for (auto _ : state) {
    game.serve();
    running.exec();
  }
  state.SetItemsProcessed(state.iterations() * rounds);
}

BENCHMARK(bare_qt);

}  // namespace
}  // namespace bench
