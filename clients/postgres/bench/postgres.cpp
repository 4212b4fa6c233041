// SPDX-License-Identifier: MIT
// What do 64 pipelined `SELECT 1` cost by interloop::postgres, compared with libpq's pipeline mode over poll by hand?
//
// A real server answers them, through its Unix socket; its time is the same for both.
#ifdef BENCH_LOOP  // not on the manual loop, whose clock does not wait for a server

#include "postgres.hpp"

#include <interloop/postgres.hpp>

#include "bench/loops.hpp"

namespace bench {
namespace {

interloop::future<std::size_t> round(interloop::loop&, interloop::postgres::connection& db) {
  interloop::future<interloop::postgres::result> answers[in_flight];
  for (auto& each : answers) each = db.query("SELECT 1");
  std::size_t right = 0;
  for (auto& each : answers) right += (co_await std::move(each)).template one<int>() == 1;
  co_return right;
}

template <class On>
void interloop_postgres(benchmark::State& state) {
  On on;
  interloop::loop& core = on.core();
  const auto wait_for = [&core](const auto& f) {
    interloop::add_callbacks(
        f, [&core](const auto&) { core.stop(); }, [&core](const interloop::failure&) { core.stop(); });
    while (!interloop::is_called(f)) core.run();
  };
  const auto connecting = interloop::postgres::connect(interloop::api(core), postgres_server::shared().local());
  wait_for(connecting);
  core.call_soon([&core] { core.stop(); });
  core.run();
  interloop::postgres::connection db = connecting.take();
  for (auto _ : state) {
    const auto all = round(core, db);
    wait_for(all);
    require_all(all.value());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(in_flight));
}

[[maybe_unused]] const bool added = [] {
  visit_loops([]<class On>(const std::string& kind) {
    benchmark::RegisterBenchmark(("interloop_postgres<on_" + kind + ">").c_str(), &interloop_postgres<On>)
        ->UseRealTime();
  });
  return true;
}();

}  // namespace
}  // namespace bench

#endif
