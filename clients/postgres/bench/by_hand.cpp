// SPDX-License-Identifier: MIT
// The same with libpq alone: pipeline mode, a sync for each statement, and poll.
#include "postgres.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <string_view>

namespace bench {
namespace {

std::size_t round(PGconn* pq) {
  for (std::size_t i = 0; i < in_flight; ++i)
    if (!PQsendQueryParams(pq, "SELECT 1", 0, nullptr, nullptr, nullptr, nullptr, 0) || !PQpipelineSync(pq))
      throw std::runtime_error(PQerrorMessage(pq));
  std::size_t right = 0, syncs = 0;
  while (syncs < in_flight) {
    const bool unsent = PQflush(pq) == 1;
    while (syncs < in_flight && !PQisBusy(pq)) {
      PGresult* got = PQgetResult(pq);
      if (!got) continue;
      if (PQresultStatus(got) == PGRES_PIPELINE_SYNC) ++syncs;
      if (PQresultStatus(got) == PGRES_TUPLES_OK) right += std::string_view(PQgetvalue(got, 0, 0)) == "1";
      PQclear(got);
    }
    if (syncs == in_flight) break;
    pollfd waited{PQsocket(pq), static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN), 0};
    ::poll(&waited, 1, -1);
    if ((waited.revents & POLLIN) && !PQconsumeInput(pq)) throw std::runtime_error(PQerrorMessage(pq));
  }
  return right;
}

void by_hand(benchmark::State& state) {
  PGconn* pq = PQconnectdb(postgres_server::shared().local().c_str());
  if (PQsetnonblocking(pq, 1) != 0 || !PQenterPipelineMode(pq)) throw std::runtime_error(PQerrorMessage(pq));
  for (auto _ : state) require_all(round(pq));
  PQfinish(pq);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(in_flight));
}
BENCHMARK(by_hand)->Name("by_hand")->UseRealTime();

}  // namespace
}  // namespace bench
