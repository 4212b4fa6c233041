// SPDX-License-Identifier: MIT
#include "session.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <string>

namespace interloop::postgres {
namespace {

constexpr unsigned bytea_type = 17;  // of the server's catalog, the same everywhere

std::string field(const PGresult* of, int which) {
  const char* text = PQresultErrorField(of, which);
  return text ? text : "";
}

bool ends_session(const std::string& severity) { return severity == "FATAL" || severity == "PANIC"; }

void require_sendable(std::string_view text, std::span<const parameter> parameters) {
  if (text.find('\0') != text.npos) throw usage_error("postgres: the statement contains a NUL character; remove it");
  if (parameters.size() > 65535)
    throw usage_error("postgres: a statement has at most 65535 parameters, not " + std::to_string(parameters.size()) +
                      "; pass arrays, or use copy_in");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const parameter& each = parameters[i];
    if (!each.is_null() && !each.is_bytes() && std::memchr(each.data(), '\0', each.size()))
      throw usage_error("postgres: parameter $" + std::to_string(i + 1) +
                        " is a text that contains a NUL character, which PostgreSQL cannot store; pass bytes");
  }
}

/// How many bytes wait in the socket.
int waiting_in(int socket) noexcept {
  int count = 0;
  return ::ioctl(socket, FIONREAD, &count) == 0 ? count : 0;
}

}  // namespace

server_message fields_of(const PGresult* of) {
  return {.severity = field(of, PG_DIAG_SEVERITY_NONLOCALIZED),
          .sqlstate = field(of, PG_DIAG_SQLSTATE),
          .message = field(of, PG_DIAG_MESSAGE_PRIMARY),
          .detail = field(of, PG_DIAG_MESSAGE_DETAIL),
          .hint = field(of, PG_DIAG_MESSAGE_HINT),
          .position = field(of, PG_DIAG_STATEMENT_POSITION),
          .context = field(of, PG_DIAG_CONTEXT),
          .schema = field(of, PG_DIAG_SCHEMA_NAME),
          .table = field(of, PG_DIAG_TABLE_NAME),
          .column = field(of, PG_DIAG_COLUMN_NAME),
          .constraint = field(of, PG_DIAG_CONSTRAINT_NAME)};
}

exclusive_turn::~exclusive_turn() {
  if (of_) of_->end_turn();
}

statement::contents::~contents() {
  if (const auto session = of.lock()) session->send_quietly("DEALLOCATE " + name);
}

// C code calls these, and no exception may pass through it: lack of memory ends the process there.
struct session::hooks {
  static void notice(void* data, const PGresult* said) noexcept { static_cast<session*>(data)->on_notice(said); }
};

session::session(api async, connection_options options)
    : async_(async),
      options_(std::move(options)),
      glue_(async.loop(), {.ready = [this](int, interest ready, void*) { on_ready(ready); },
                           .failed = [this](const failure& why) { lose(why); }}) {}

session::~session() { close("the connection was destroyed"); }

void session::close(std::string_view why) noexcept {
  if (mode_ != mode::lost) lose(lost(why));
}

void session::require_open() const {
  if (gone_) gone_->rethrow();
}

bool session::in_transaction() const noexcept {
  if (!pq_) return false;
  const PGTransactionStatusType status = PQtransactionStatus(pq_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

// ---- Connecting ----

future<void> session::connect(const std::string& conninfo) {
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> given(
      PQconninfoParse(conninfo.c_str(), &complaint), &PQconninfoFree);
  PQfreemem(complaint);  // it may repeat a part of a password
  if (!given)
    throw usage_error(
        "connect: libpq cannot parse the connection string; pass key=value pairs, with values that contain spaces in "
        "single quotes, or a URI postgresql://user:password@host:port/database with special characters %-encoded");
  std::string host, port;
  for (const PQconninfoOption* each = given.get(); each->keyword; ++each) {
    if (!each->val) continue;
    const std::string_view key = each->keyword;
    if (key == "password") password_ = each->val;
    if (key == "host" || (key == "hostaddr" && host.empty())) host = each->val;
    if (key == "port") port = each->val;
  }
  address_ = (host.empty() ? "the default host" : host) + (port.empty() ? "" : ":" + port);

  connecting_ = promise<void>(async_.loop(), [this] {
    connecting_.cancelled("connect: the attempt was cancelled");
    lose(lost("the attempt was cancelled"));
  });
  const future<void> made = connecting_.get_future();
  mode_ = mode::connecting;
  const std::array<const char*, 4> keys{"client_encoding", "fallback_application_name", "dbname", nullptr};
  const std::array<const char*, 4> values{"UTF8", "interloop", conninfo.c_str(), nullptr};
  process_ = ::getpid();
  pq_ = PQconnectStartParams(keys.data(), values.data(), 1);
  if (!pq_) throw std::bad_alloc();
  PQsetNoticeReceiver(pq_, &hooks::notice, this);
  if (PQstatus(pq_) == CONNECTION_BAD) {
    lose(lost(error_text()));
    return made;
  }
  if (options_.connect_timeout > duration::zero())
    connect_deadline_ = async_.call_later(options_.connect_timeout, [this] {
      lose(create_failure(timeout_error("postgres " + address_ + ": connecting took longer than " +
                                        std::to_string(options_.connect_timeout / std::chrono::milliseconds(1)) +
                                        " ms")));
    });
  watch_anew(interest::write);  // what PQconnectPoll would say if it had been called
  return made;
}

void session::step() {
  switch (PQconnectPoll(pq_)) {
    case PGRES_POLLING_READING:
      watch_anew(interest::read);
      break;
    case PGRES_POLLING_WRITING:
      watch_anew(interest::write);
      break;
    case PGRES_POLLING_OK:
      established();
      break;
    default:
      lose(lost(error_text()));
  }
}

void session::established() {
  connect_deadline_.cancel();
  if (PQsetnonblocking(pq_, 1) != 0 || !PQenterPipelineMode(pq_)) {
    lose(lost(error_text()));
    return;
  }
  layered_ = PQsslInUse(pq_) || PQgssEncInUse(pq_);
  mode_ = mode::pipeline;
  watch_anew(interest::read);
  connecting_.resolve();
}

// ---- Sending ----

future<result> session::send(kind what, std::string text, std::span<const parameter> parameters, std::string name) {
  require_sendable(text, parameters);
  if (gone_) return async_.create_future_error<result>(*gone_);
  const std::uint64_t id = last_id_ + 1;
  request made{.id = id,
               .what = what,
               .answer = promise<result>(async_.loop(), [this, id] { on_cancel(id); }),
               .text = std::move(text),
               .name = std::move(name)};
  const future<result> answer = made.answer.get_future();
  if (options_.statement_timeout > duration::zero()) {
    made.deadline = async_.loop().after(options_.statement_timeout);
    if (!deadline_.active()) watch_deadlines(made.deadline);
  }
  const bool now = mode_ == mode::pipeline && waiting_.empty() && !held_back();
  if (!now) made.kept = kept(parameters);
  (now ? in_flight_ : waiting_).push_back(std::move(made));
  last_id_ = id;
  if (now) transmit(in_flight_.back(), parameters);
  return answer;
}

void session::send_quietly(std::string text) noexcept {
  try {
    if (gone_ || async_.loop().closed()) return;
    add_callbacks(send(kind::query, std::move(text), {}), [](const result&) {}, [](const failure&) {});
  } catch (...) {  // no memory: what it would have released in the server stays until the session ends
  }
}

// `what` is the last of in_flight_.
void session::transmit(request& what, std::span<const parameter> parameters) {
  constexpr std::size_t usual = 8;
  struct arrays {
    const char* values[usual];
    int lengths[usual];
    int formats[usual];
    Oid types[usual];
  } few;
  const std::size_t count = parameters.size();
  const bool many = count > usual;
  std::vector<const char*> many_values(many ? count : 0);
  std::vector<int> many_numbers(many ? 2 * count : 0);
  std::vector<Oid> many_types(many ? count : 0);
  const char** values = many ? many_values.data() : few.values;
  int* lengths = many ? many_numbers.data() : few.lengths;
  int* formats = many ? many_numbers.data() + count : few.formats;
  Oid* types = many ? many_types.data() : few.types;
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = parameters[i].data();
    lengths[i] = static_cast<int>(parameters[i].size());
    formats[i] = parameters[i].is_bytes() ? 1 : 0;
    types[i] = parameters[i].is_bytes() ? bytea_type : 0;
  }
  const int n = static_cast<int>(count);
  int sent = 0;
  switch (what.what) {
    case kind::query:
      sent = PQsendQueryParams(pq_, what.text.c_str(), n, types, values, lengths, formats, 0);
      break;
    case kind::prepare:
      sent = PQsendPrepare(pq_, what.name.c_str(), what.text.c_str(), 0, nullptr);
      break;
    case kind::prepared:
      sent = PQsendQueryPrepared(pq_, what.name.c_str(), n, values, lengths, formats, 0);
      break;
  }
  if (!sent && PQstatus(pq_) == CONNECTION_OK) {  // nothing of it was sent: it is too large for the memory, say
    request refused = std::move(what);
    in_flight_.pop_back();
    refused.answer.reject(error("postgres " + address_ + ": libpq did not accept the statement: " + error_text()));
    return;
  }
  if (sent) sent = PQpipelineSync(pq_);
  if (!sent) {
    if (check_alive()) lose(lost(error_text()));  // a statement without its sync would hold up all others
    return;
  }
  settle_soon();
}

// libpq may read while it writes, and then nobody announces what it has read. So after the calls that are ready now, and
// the statements that they send, it is asked once.
void session::settle_soon() {
  if (settle_queued_) return;
  async_.call_soon([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->settle();
  });
  settle_queued_ = true;
}

void session::settle() noexcept {
  settle_queued_ = false;
  if (mode_ != mode::pipeline) return;
  try {
    unflushed_ = PQflush(pq_) == 1;
    go_on();
  } catch (...) {
    lose(create_failure());
  }
}

void session::pump() {
  while (mode_ == mode::pipeline && !held_back() && !waiting_.empty()) {
    if (waiting_.front().unwanted) {
      waiting_.pop_front();
      continue;
    }
    if (waiting_.front().turn) {
      if (!in_flight_.empty()) return;
      begin_turn();
      continue;
    }
    in_flight_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    const auto kept = std::exchange(in_flight_.back().kept, std::nullopt);
    transmit(in_flight_.back(), *kept);
  }
}

// ---- Receiving ----

void session::on_ready(interest ready) noexcept {
  const auto keep = shared_from_this();
  try {
    if (mode_ == mode::connecting) {
      step();
      return;
    }
    const bool broken = has(ready, interest::read) && !consume();
    switch (mode_) {
      case mode::pipeline:
        if (unflushed_) unflushed_ = PQflush(pq_) == 1;
        if (!broken) {
          go_on();
        } else {
          harvest();
          announce();
        }
        break;
      case mode::exclusive:
        activity_.resolve();
        if (!broken && check_alive()) update_interest();
        break;
      case mode::draining:
        if (!broken) drain();
        break;
      default:
        break;
    }
    if (broken && check_alive()) lose(lost(error_text()));
  } catch (...) {
    lose(create_failure());
  }
}

// Reads what is there. False if the connection is gone.
bool session::consume() {
  if (!layered_) return PQconsumeInput(pq_) == 1;
  // Some versions of libpq leave a part of a TLS record in OpenSSL, of which the socket knows nothing. A record has at most 16 KiB, and
  // each call takes 8 KiB at least: if a call began with an empty socket, nothing is left after it.
  for (int round = 0;; ++round) {
    const bool socket_was_empty = waiting_in(PQsocket(pq_)) == 0;
    if (PQconsumeInput(pq_) != 1) return false;
    if (socket_was_empty || (round >= 16 && waiting_in(PQsocket(pq_)) > 0)) return true;
  }
}

// After libpq was told something in pipeline mode.
void session::go_on() {
  harvest();
  announce();
  if (last_) {  // the hang-up follows
    lose(lost(last_->severity + ": " + last_->message, last_->sqlstate));
    return;
  }
  if (!check_alive()) return;
  consider_cancel();
  pump();
  if (mode_ != mode::lost) update_interest();
}

void session::harvest() {
  int empty = 0;
  while (!in_flight_.empty() && empty < 2 && mode_ == mode::pipeline && !PQisBusy(pq_)) {
    result_ptr got(PQgetResult(pq_));
    if (!got) {
      ++empty;  // the end of a statement's results. A second one in a row: libpq waits for nothing
      continue;
    }
    empty = 0;
    take(std::move(got));
  }
}

void session::take(result_ptr got) {
  request& front = in_flight_.front();
  switch (PQresultStatus(got.get())) {
    case PGRES_PIPELINE_SYNC:
      finish_front();  // only now: an implicit transaction commits at the sync, and may fail there
      break;
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
    case PGRES_PIPELINE_ABORTED:
      if (!front.error) front.error = std::move(got);
      break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      lose(lost("a statement began a COPY in the pipeline, which libpq cannot do; use copy_in or copy_out"));
      break;
    default:
      if (!front.got) front.got = std::move(got);
  }
}

void session::finish_front() {
  request done = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (done.unwanted) --unwanted_;
  cancel_timer_.cancel();
  cancel_for_ = 0;
  if (!done.answer.pending()) return;
  if (done.error) {
    done.answer.reject(server_error(fields_of(done.error.get()), done.text));
  } else {
    done.answer.resolve(result(done.got.release()));
  }
}

// libpq keeps notifications until it is asked, and nothing announces those that it has read already.
void session::announce() {
  struct free_notification {
    void operator()(PGnotify* owned) const noexcept { PQfreemem(owned); }
  };
  while (pq_) {
    const std::unique_ptr<PGnotify, free_notification> heard(PQnotifies(pq_));
    if (!heard) return;
    for (const auto& [name, weak] : subscriptions_) {
      if (name != heard->relname) continue;
      const auto to = weak.lock();
      if (to && !to->closed()) static_cast<void>(to->try_send(notification{name, heard->extra, heard->be_pid}));
    }
  }
}

bool session::look() noexcept {
  if (mode_ != mode::pipeline) return open();
  const auto keep = shared_from_this();
  try {
    const bool broken = !consume();
    if (!broken) {
      go_on();
    } else if (check_alive()) {
      lose(lost(error_text()));
    }
  } catch (...) {
    lose(create_failure());
  }
  return open();
}

void session::on_notice(const PGresult* notice) noexcept {
  server_message said = fields_of(notice);
  if (ends_session(said.severity)) {
    last_ = std::move(said);
  } else if (options_.on_notice && !async_.loop().closed()) {
    async_.call_soon([to = options_.on_notice, what = std::move(said)] { (*to)(what); });
  }
}

// After a call that may have replaced the socket.
void session::watch_anew(interest wanted) {
  glue_.call([&] {
    glue_.forget(socket_);
    socket_ = PQsocket(pq_);
    glue_.want(socket_, wanted_ = wanted);
  });
}

void session::update_interest() {
  interest wanted = interest::none;
  if (mode_ == mode::pipeline || mode_ == mode::draining || activity_.pending())
    wanted = unflushed_ ? interest::read | interest::write : interest::read;  // for writing alone, libpq would stall
  if (wanted != wanted_) glue_.want(socket_, wanted_ = wanted);
}

// ---- The exclusive turn ----

future<exclusive_turn> session::turn() {
  if (gone_) return async_.create_future_error<exclusive_turn>(*gone_);
  const std::uint64_t id = last_id_ + 1;
  request made{.id = id};
  made.turn.emplace(async_.loop(), [this, id] { on_cancel(id); });
  const future<exclusive_turn> given = made.turn->get_future();
  waiting_.push_back(std::move(made));
  last_id_ = id;
  settle_soon();
  return given;
}

void session::begin_turn() {
  auto next = std::move(*waiting_.front().turn);
  waiting_.pop_front();
  if (!PQexitPipelineMode(pq_)) {
    lose(lost(error_text()));
    return;
  }
  mode_ = mode::exclusive;
  unflushed_ = false;
  update_interest();
  next.resolve(exclusive_turn(shared_from_this()));  // if it was cancelled, the turn ends at once
}

void session::end_turn() noexcept {
  if (mode_ != mode::exclusive) return;
  mode_ = mode::draining;
  if (async_.loop().closed()) return;
  drain();
}

void session::drain() noexcept {
  const auto keep = shared_from_this();
  try {
    if (drained()) {
      if (!PQenterPipelineMode(pq_)) {
        lose(lost(error_text()));
        return;
      }
      mode_ = mode::pipeline;
      cancel_timer_.cancel();
      cancel_for_ = 0;
      settle_soon();
    } else if (check_alive() && !cancelling_ && !cancel_timer_.active()) {
      cancel_soon();
    }
    if (mode_ != mode::lost) update_interest();
  } catch (...) {
    lose(create_failure());
  }
}

// Reads and drops what is left of an exclusive operation. False if there is more to come.
bool session::drained() {
  for (;;) {
    unflushed_ = PQflush(pq_) == 1;
    if (PQisBusy(pq_)) return false;
    const result_ptr got(PQgetResult(pq_));
    if (!got) return check_alive();
    switch (PQresultStatus(got.get())) {
      case PGRES_COPY_IN:
        if (PQputCopyEnd(pq_, "the client gave up") != 1) return false;
        break;
      case PGRES_COPY_OUT:
        for (char* row = nullptr;;) {
          const int size = PQgetCopyData(pq_, &row, 1);
          if (size == 0) return false;
          if (size < 0) break;
          PQfreemem(row);
        }
        break;
      default:
        break;
    }
    if (!check_alive()) return false;
  }
}

void session::send_simple(const std::string& text) {
  require_open();
  if (!PQsendQuery(pq_, text.c_str())) {
    if (check_alive()) throw error("postgres " + address_ + ": libpq did not accept the statement: " + error_text());
    require_open();
  }
}

future<void> session::activity() {
  require_open();
  activity_ = promise<void>(async_.loop());
  update_interest();
  return activity_.get_future();
}

bool session::busy() {
  require_open();
  const bool waits = PQisBusy(pq_);
  if (!check_alive()) require_open();
  return waits;
}

int session::next_row(std::string& to) {
  require_open();
  char* row = nullptr;
  const int size = PQgetCopyData(pq_, &row, 1);
  if (size > 0) {
    const std::unique_ptr<char, void (*)(void*)> owned(row, &PQfreemem);
    to.assign(row, static_cast<std::size_t>(size));
    return 1;
  }
  if (!check_alive()) require_open();
  return size == 0 ? 0 : -1;
}

void session::put(std::string_view data) {
  require_open();
  // A failure here is the server's, and is among the results.
  while (!data.empty()) {
    const std::size_t size = std::min<std::size_t>(data.size(), 1 << 20);
    static_cast<void>(PQputCopyData(pq_, data.data(), static_cast<int>(size)));
    if (!check_alive()) require_open();
    data.remove_prefix(size);
  }
}

void session::end_put() {
  require_open();
  static_cast<void>(PQputCopyEnd(pq_, nullptr));
  if (!check_alive()) require_open();
}

bool session::flushed() {
  require_open();
  unflushed_ = PQflush(pq_) == 1;
  if (!check_alive()) require_open();
  return !unflushed_;
}

// ---- Time limits ----

void session::watch_deadlines(time_point first) {
  deadline_ = async_.call_at(first, [this] { look_at_deadlines(); });
}

// All statements have the same limit, so their deadlines are in the order of the lines.
void session::look_at_deadlines() {
  const time_point now = async_.now();
  for (auto* line : {&in_flight_, &waiting_})
    for (request& each : *line) {
      if (each.turn || !each.answer.pending()) continue;
      if (each.deadline > now) {
        // Not for each of thousands alone.
        watch_deadlines((std::max)(each.deadline, now + std::chrono::milliseconds(1)));
        consider_cancel();
        pump();
        return;
      }
      expire(each);
    }
  consider_cancel();
  pump();
}

void session::expire(request& late) {
  late.answer.reject(timeout_error("postgres " + address_ + ": no answer within " +
                                   std::to_string(options_.statement_timeout / std::chrono::milliseconds(1)) +
                                   " ms to: " + late.text));
  if (late.kept) {
    late.unwanted = true;
  } else {
    unwanted(late);
  }
}

// ---- Losing the connection ----

bool session::check_alive() noexcept {
  if (!pq_) return false;
  if (PQstatus(pq_) != CONNECTION_BAD) return true;
  if (!in_flight_.empty() && in_flight_.front().error && !last_) {
    server_message said = fields_of(in_flight_.front().error.get());
    if (ends_session(said.severity)) last_ = std::move(said);
  }
  lose(last_ ? lost(last_->severity + ": " + last_->message, last_->sqlstate) : lost(error_text()));
  return false;
}

void session::lose(const failure& why) noexcept {
  if (mode_ == mode::lost) return;
  mode_ = mode::lost;
  gone_ = why;
  connect_deadline_.cancel();
  deadline_.cancel();
  cancel_timer_.cancel();
  glue_.end();
  if (pq_ && ::getpid() != process_) ::close(PQsocket(pq_));  // a forked child must not say goodbye for its parent
  PQfinish(std::exchange(pq_, nullptr));
  connecting_.reject(why);
  activity_.reject(why);
  for (auto* line : {&in_flight_, &waiting_}) {
    for (request& each : *line) {
      if (each.turn) {
        each.turn->reject(why);
      } else {
        each.answer.reject(why);
      }
    }
    line->clear();
  }
  for (const auto& [name, weak] : std::exchange(subscriptions_, {}))
    if (const auto to = weak.lock()) to->close(why);
}

failure session::lost(std::string_view what, std::string_view sqlstate) const {
  return create_failure(connection_error("postgres " + address_ + ": " + std::string(what), sqlstate));
}

std::string session::error_text() const {
  std::string text = PQerrorMessage(pq_);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (password_.size() >= 3)
    for (auto at = text.find(password_); at != text.npos; at = text.find(password_, at))
      text.replace(at, password_.size(), "***");
  return text.empty() ? "the connection was lost" : text;
}

// ---- Listening ----

subscription session::subscribe(const std::string& name) {
  require_open();
  auto arrived = std::make_shared<channel<notification>>(async_.loop(), unbounded);
  subscriptions_.emplace_back(name, arrived);
  return {shared_from_this(), name, std::move(arrived)};
}

void session::unsubscribe(const std::string& name) noexcept {
  bool others = false;
  std::erase_if(subscriptions_, [&](const auto& each) {
    if (each.first != name) return false;
    if (each.second.expired()) return true;
    others = true;
    return false;
  });
  if (!others && pq_) send_quietly("UNLISTEN " + quoted(name));
}

std::string session::quoted(std::string_view identifier) const {
  std::string text = "\"";
  for (const char each : identifier) text.append(each == '"' ? 2 : 1, each);
  return text + '"';
}

}  // namespace interloop::postgres
