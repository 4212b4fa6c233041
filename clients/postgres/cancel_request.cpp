// SPDX-License-Identifier: MIT
#include "cancel_request.hpp"

#include "session.hpp"

#include <new>
#include <string_view>

namespace interloop::postgres {
namespace {

constexpr int signals_once = 180000;  // the first server that does

}  // namespace

cancel_request::cancel_request(PGconn* session, bool hits_one)
    : ticket_(PQgetCancel(session)), pid_(PQbackendPID(session)) {
  if (!ticket_) throw std::bad_alloc();
  if (!hits_one || PQserverVersion(session) >= signals_once) return;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfo(session), &PQconninfoFree);
  if (!options) throw std::bad_alloc();
  for (const PQconninfoOption* each = options.get(); each->keyword; ++each) {
    const std::string_view key = each->keyword;
    const char* value = each->val;
    // Of several hosts, the one that the session is with.
    if (key == "host") value = PQhost(session);
    if (key == "hostaddr") value = PQhostaddr(session);
    if (key == "port") value = PQport(session);
    if (value && *value) parameters_.emplace_back(key, value);
  }
}

bool cancel_request::send() const {
  if (!parameters_.empty() && send_by_session()) return true;  // otherwise a pooler hides the process, say
  char complaint[256];
  return PQcancel(ticket_.get(), complaint, sizeof complaint);
}

bool cancel_request::send_by_session() const {
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : parameters_) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, void (*)(PGconn*)> beside(PQconnectdbParams(keys.data(), values.data(), 0), &PQfinish);
  if (PQstatus(beside.get()) != CONNECTION_OK) return false;
  PQsetNoticeProcessor(beside.get(), [](void*, const char*) {}, nullptr);
  const std::string text = "SELECT pg_catalog.pg_cancel_backend(" + std::to_string(pid_) + ")";
  const result_ptr got(PQexec(beside.get(), text.c_str()));
  return PQresultStatus(got.get()) == PGRES_TUPLES_OK && PQgetvalue(got.get(), 0, 0) == std::string_view("t");
}

}  // namespace interloop::postgres
