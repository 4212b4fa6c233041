// SPDX-License-Identifier: MIT
#include <interloop/postgres/connection.hpp>

#include "session.hpp"

#include <interloop/shield.hpp>
#include <interloop/timeout.hpp>

#include <algorithm>
#include <cctype>
#include <exception>

namespace interloop::postgres {
namespace {

using kind = session::kind;

/// Whether a statement is COPY: its first word, after blanks, comments and brackets.
bool is_copy(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (std::isspace(static_cast<unsigned char>(rest[0])) || rest[0] == ';' || rest[0] == '(') {
      ++at;
    } else if (rest.starts_with("--")) {
      at += std::min(rest.find('\n'), rest.size());
    } else if (rest.starts_with("/*")) {
      std::size_t depth = 0, i = 0;  // they nest
      do {
        const std::string_view two = rest.substr(i, 2);
        if (two == "/*") {
          ++depth;
        } else if (two == "*/") {
          --depth;
        }
        i += two == "/*" || two == "*/" ? 2 : 1;
      } while (depth > 0 && i < rest.size());
      at += i;
    } else {
      constexpr std::string_view word = "copy";
      return rest.size() > word.size() &&
             std::equal(word.begin(), word.end(), rest.begin(),
                        [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); }) &&
             !std::isalnum(static_cast<unsigned char>(rest[word.size()])) && rest[word.size()] != '_';
    }
  }
  return false;
}

future<connection> make_connection(loop&, std::shared_ptr<session> fresh, std::string conninfo,
                                   connection (*wrap)(std::shared_ptr<session>)) {
  co_await fresh->connect(conninfo);
  co_return wrap(std::move(fresh));
}

future<void> done(loop&, future<result> of) { static_cast<void>(co_await std::move(of)); }

/// Waits until libpq has a result, or the end of the results.
future<void> result_ready(loop&, session& of) {
  for (;;) {
    static_cast<void>(of.flushed());
    if (!of.busy()) co_return;
    co_await of.activity();
  }
}

/// The text's error, if the result is one.
void throw_if_failed(const result_ptr& got, const std::string& text) {
  if (!got) return;
  const ExecStatusType status = PQresultStatus(got.get());
  if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) throw server_error(fields_of(got.get()), text);
}

future<std::vector<result>> run_script(loop& core, std::shared_ptr<session> on, std::string text) {
  const exclusive_turn turn = co_await on->turn();
  turn->send_simple(text);
  std::vector<result> all;
  result_ptr failed;
  bool copied = false;
  for (;;) {
    co_await result_ready(core, *turn);
    result_ptr got = turn->next_result();
    if (!got) break;
    switch (PQresultStatus(got.get())) {
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        copied = true;
        break;
      case PGRES_FATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        if (!failed) failed = std::move(got);
        break;
      default:
        all.emplace_back(got.release());
    }
    if (copied)  // giving up the turn ends it
      throw usage_error("script: a COPY from or to the client needs copy_in or copy_out");
  }
  throw_if_failed(failed, text);
  co_return all;
}

async_generator<std::string> read_copy(loop& core, std::shared_ptr<session> on, std::string text) {
  const exclusive_turn turn = co_await on->turn();
  turn->send_simple(text);
  co_await result_ready(core, *turn);
  {
    const result_ptr first = turn->next_result();
    throw_if_failed(first, text);
    if (PQresultStatus(first.get()) != PGRES_COPY_OUT)
      throw usage_error("copy_out: this statement is not a COPY … TO STDOUT: " + text);
  }
  std::string row;
  for (;;) {
    const int more = turn->next_row(row);
    if (more < 0) break;
    if (more > 0) {
      co_yield std::move(row);
    } else {
      co_await turn->activity();
    }
  }
  for (;;) {
    co_await result_ready(core, *turn);
    const result_ptr last = turn->next_result();
    if (!last) break;
    throw_if_failed(last, text);
  }
}

future<subscription> start_listening(loop&, std::shared_ptr<session> on, std::string name) {
  subscription made = on->subscribe(name);
  static_cast<void>(co_await on->send(kind::query, "LISTEN " + on->quoted(name), {}));
  co_return made;
}

}  // namespace

// ---- COPY FROM ----

class copy_state {
 public:
  copy_state(exclusive_turn given, std::string what) : turn(std::move(given)), text(std::move(what)) {}

  /// While it exists, no other use may begin.
  class use {
   public:
    use(const std::shared_ptr<copy_state>& of, const char* function) : of_(of) {
      if (!of) throw usage_error(std::string(function) + ": this writer is empty; connection::copy_in makes one");
      if (of->finished) throw usage_error(std::string(function) + ": this COPY is finished; start another one");
      if (of->used)
        throw usage_error(std::string(function) + ": the last write of this COPY is still pending; await it first");
      of->used = true;
    }
    use(use&&) noexcept = default;
    use& operator=(use&&) = delete;
    ~use() {
      if (of_) of_->used = false;
    }
    copy_state* operator->() const noexcept { return of_.get(); }

   private:
    std::shared_ptr<copy_state> of_;
  };

  static future<std::shared_ptr<copy_state>> start(loop& core, std::shared_ptr<session> on, std::string text) {
    auto state = std::make_shared<copy_state>(co_await on->turn(), std::move(text));
    state->turn->send_simple(state->text);
    co_await result_ready(core, *state->turn);
    const result_ptr first = state->turn->next_result();
    throw_if_failed(first, state->text);
    if (PQresultStatus(first.get()) != PGRES_COPY_IN)
      throw usage_error("copy_in: this statement is not a COPY … FROM STDIN: " + state->text);
    co_return state;
  }

  static future<void> write(loop&, use on, std::string_view data) {
    on->turn->put(data);
    while (!on->turn->flushed()) co_await on->turn->activity();
  }

  static future<std::size_t> finish(loop& core, use on) {
    on->finished = true;
    const exclusive_turn turn = std::move(on->turn);
    turn->end_put();
    std::size_t rows = 0;
    result_ptr failed;
    for (;;) {
      co_await result_ready(core, *turn);
      result_ptr got = turn->next_result();
      if (!got) break;
      if (PQresultStatus(got.get()) == PGRES_COMMAND_OK) {
        rows = result(got.release()).affected();
      } else if (!failed) {
        failed = std::move(got);
        if (PQresultStatus(failed.get()) == PGRES_COPY_IN)
          throw error("copy_in: libpq did not accept the end of the data; the COPY was abandoned");
      }
    }
    throw_if_failed(failed, on->text);
    co_return rows;
  }

  exclusive_turn turn;
  std::string text;
  bool used = false;
  bool finished = false;
};

namespace {

future<copy_writer> start_writer(loop& core, std::shared_ptr<session> on, std::string text,
                                 copy_writer (*wrap)(std::shared_ptr<copy_state>)) {
  co_return wrap(co_await copy_state::start(core, std::move(on), std::move(text)));
}

}  // namespace

future<void> copy_writer::write(std::string_view data) {
  copy_state::use use(state_, "write");
  const api async = use->turn->async();
  return copy_state::write(async, std::move(use), data);
}

future<std::size_t> copy_writer::finish() {
  copy_state::use use(state_, "finish");
  const api async = use->turn->async();
  return copy_state::finish(async, std::move(use));
}

std::string copy_line(std::span<const parameter> values) {
  std::string line;
  for (const parameter& each : values) {
    if (&each != values.data()) line += '\t';
    if (each.is_null()) {
      line += "\\N";
      continue;
    }
    const std::string_view text(each.data(), each.size());
    if (each.is_bytes()) {
      line += "\\\\x";
      for (const char byte : text)
        for (const int shift : {4, 0}) line += "0123456789abcdef"[(static_cast<unsigned char>(byte) >> shift) & 15];
      continue;
    }
    for (const char c : text) {
      switch (c) {
        case '\\':
          line += "\\\\";
          break;
        case '\t':
          line += "\\t";
          break;
        case '\n':
          line += "\\n";
          break;
        case '\r':
          line += "\\r";
          break;
        default:
          line += c;
      }
    }
  }
  return line + '\n';
}

// ---- The connection ----

future<connection> connect(api async, std::string conninfo, connection_options options) {
  return make_connection(async, std::make_shared<session>(async, std::move(options)), std::move(conninfo),
                         [](std::shared_ptr<session> made) { return connection(std::move(made)); });
}

connection& connection::operator=(connection&& other) noexcept {
  if (this != &other) {
    if (session_) session_->close("the connection was destroyed");
    session_ = std::move(other.session_);
  }
  return *this;
}

connection::~connection() {
  if (session_) session_->close("the connection was destroyed");
}

void connection::close() noexcept {
  if (session_) session_->close("the connection was closed");
}

session& connection::open(const char* function) const {
  if (!session_)
    throw usage_error(std::string(function) +
                      ": this connection is empty (default-constructed or moved from); "
                      "postgres::connect makes one");
  return *session_;
}

future<result> connection::send(std::string_view text, std::span<const parameter> parameters) {
  session& on = open("query");
  if (is_copy(text))
    throw usage_error(
        "query: COPY cannot be pipelined; use copy_in or copy_out, or script for a COPY of the server's files");
  return on.send(kind::query, std::string(text), parameters);
}

namespace {
future<statement> prepared(loop&, future<result> answer, statement made) {
  static_cast<void>(co_await std::move(answer));
  co_return made;
}
}  // namespace

future<statement> connection::prepare(std::string_view text) {
  session& on = open("prepare");
  statement made;
  const std::string name = on.new_statement_name();
  auto answer = on.send(kind::prepare, std::string(text), {}, name);
  made.is_ = std::make_shared<const statement::contents>(session_, name, std::string(text));
  return prepared(on.async(), std::move(answer), std::move(made));
}

future<result> connection::send(const statement& what, std::span<const parameter> parameters) {
  session& on = open("execute");
  if (!what) throw usage_error("execute: this statement is empty; connection::prepare makes one");
  if (what.is_->of.lock() != session_)
    throw usage_error("execute: another connection has prepared this statement; prepare it on this one: " +
                      what.is_->text);
  return on.send(kind::prepared, what.is_->text, parameters, what.is_->name);
}

future<std::vector<result>> connection::script(std::string text) {
  session& on = open("script");
  auto all = run_script(on.async(), session_, std::move(text));
  const duration limit = on.statement_timeout();
  return limit > duration::zero() ? with_timeout(limit, std::move(all)) : all;
}

future<copy_writer> connection::copy_in(std::string text) {
  return start_writer(open("copy_in").async(), session_, std::move(text),
                      [](std::shared_ptr<copy_state> made) { return copy_writer(std::move(made)); });
}

async_generator<std::string> connection::copy_out(std::string text) {
  return read_copy(open("copy_out").async(), session_, std::move(text));
}

future<subscription> connection::listen(std::string channel) {
  return start_listening(open("listen").async(), session_, std::move(channel));
}

future<void> connection::notify(std::string channel, std::string payload) {
  session& on = open("notify");
  const std::array<parameter, 2> parameters{channel, payload};
  return done(on.async(), on.send(kind::query, "SELECT pg_notify($1, $2)", parameters));
}

bool connection::connected() const noexcept { return session_ && session_->open(); }
std::size_t connection::in_flight() const noexcept { return session_ ? session_->in_flight() : 0; }
bool connection::in_transaction() const noexcept { return session_ && session_->in_transaction(); }
int connection::backend_pid() const noexcept {
  return session_ && session_->native() ? PQbackendPID(session_->native()) : 0;
}
std::string connection::setting(const std::string& name) const {
  const char* value = session_ && session_->native() ? PQparameterStatus(session_->native(), name.c_str()) : nullptr;
  return value ? value : "";
}
bool connection::encrypted() const noexcept {
  return session_ && session_->native() && (PQsslInUse(session_->native()) || PQgssEncInUse(session_->native()));
}

// ---- LISTEN ----

subscription::~subscription() {
  if (!arrived_) return;
  const std::string name = std::move(name_);
  arrived_.reset();
  session_->unsubscribe(name);
}

receiving<notification> subscription::next() {
  if (!arrived_) throw usage_error("next: this subscription is empty; connection::listen makes one");
  return arrived_->next();
}

// ---- Transactions ----

namespace {

future<void> commit_on(loop&, std::shared_ptr<session> on, bool& ended) {
  bool committed = false;
  try {
    const result answer = co_await on->send(kind::query, "COMMIT", {});
    ended = true;
    committed = answer.tag() == "COMMIT";
  } catch (const server_error&) {
    ended = true;  // a deferred constraint, say
    throw;
  }
  if (!committed)
    throw rolled_back(
        "transaction: rolled back, because a statement in it had failed and the body did not pass the exception on; "
        "use "
        "SAVEPOINT where a statement may fail");
}

future<void> roll_back_on(loop&, std::shared_ptr<session> on) {
  try {
    static_cast<void>(co_await shield(on->send(kind::query, "ROLLBACK", {})));
  } catch (const cancelled_error&) {  // it goes on
  } catch (const loop_closed&) {
  } catch (...) {
    on->close("closed, because a transaction could not be rolled back");
  }
}

}  // namespace

transaction_scope::transaction_scope(connection& on) {
  if (on.open("transaction").transaction_open)
    throw usage_error(
        "transaction: this connection is in a transaction already; use SAVEPOINT inside it, or another connection "
        "beside "
        "it");
  on_ = on.session_;
  on_->transaction_open = true;
}

transaction_scope::~transaction_scope() { on_->transaction_open = false; }

loop& transaction_scope::loop() const noexcept { return on_->async().loop(); }

future<void> transaction_scope::begin(transaction_options options) {
  using isolation = transaction_options::isolation;
  std::string text = "BEGIN";
  switch (options.level) {
    case isolation::server_default:
      break;
    case isolation::read_committed:
      text += " ISOLATION LEVEL READ COMMITTED";
      break;
    case isolation::repeatable_read:
      text += " ISOLATION LEVEL REPEATABLE READ";
      break;
    case isolation::serializable:
      text += " ISOLATION LEVEL SERIALIZABLE";
      break;
  }
  if (options.read_only) text += " READ ONLY";
  return done(loop(), on_->send(kind::query, std::move(text), {}));
}

future<void> transaction_scope::commit() { return commit_on(loop(), on_, ended_); }

future<void> transaction_scope::roll_back() {
  if (ended_ || !on_->open()) return on_->async().create_future_success<void>();
  return roll_back_on(loop(), on_);
}

}  // namespace interloop::postgres
