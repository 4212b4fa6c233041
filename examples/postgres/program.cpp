// SPDX-License-Identifier: MIT
// A program with threads and no loop of its own that shares a few connections to PostgreSQL among its threads.
#include "blocking_program.hpp"

#include "clients/postgres/tests/server.hpp"

#include <cstdio>
#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>
#include <interloop/postgres.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace postgres = interloop::postgres;

// [functions]
std::optional<postgres::pool> pool;  // made, used and destroyed in the loop's thread

const auto open_pool = interloop::wait_for(5s, [](const std::string& where) {
  pool.emplace(interloop::with_config(), where, postgres::pool_options{.size = 4});
});
const auto run = interloop::wait_for(5s, [](const std::string& text) { return pool->query(text); });
const auto order = interloop::wait_for(5s, [](const std::string& what, int count) {
  return pool->transaction([what, count](postgres::connection& in) -> interloop::future<void> {
    co_await in.query("INSERT INTO orders VALUES ($1, $2)", what, count);
    co_await in.query("UPDATE stock SET count = count - $2 WHERE what = $1", what, count);
  });
});
const auto close_pool = interloop::wait_for(5s, [] { pool.reset(); });
// [/functions]

}  // namespace

int example::blocking_program(int count, char** arguments) {
  std::optional<postgres_server> own;
  if (count < 2) own.emplace();
  // [use]
  open_pool(own ? own->local() : std::string(arguments[1]));
  run("CREATE TABLE orders (what text, count int)");
  run("CREATE TABLE stock (what text, count int CHECK (count >= 0))");
  run("INSERT INTO stock VALUES ('pens', 100), ('ink', 3)");

  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) threads.emplace_back([] { order("pens", 7); });
  for (std::thread& each : threads) each.join();
  try {
    order("ink", 4);
  } catch (const postgres::server_error& refused) {
    std::printf("refused: %s\n", refused.message().c_str());
  }
  for (const postgres::row each : run("SELECT what, count FROM stock ORDER BY what"))
    std::printf("%s: %d\n", each.get<std::string>("what").c_str(), each.get<int>("count"));
  std::printf("orders: %d\n", run("SELECT count(*) FROM orders").one<int>());
  // [/use]
  run("DROP TABLE orders");
  run("DROP TABLE stock");
  close_pool();
  return 0;
}
