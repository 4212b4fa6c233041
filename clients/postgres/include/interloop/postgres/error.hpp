// SPDX-License-Identifier: MIT
// What goes wrong with a PostgreSQL server. Others are `interloop::timeout_error`, `interloop::usage_error`,
// `interloop::cancelled_error` and `interloop::loop_closed`.
#pragma once

#include <interloop/error.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace interloop::postgres {

/// What the server says in an error or a notice: the fields of the protocol's message. A field that the server did not
/// send is empty.
struct server_message {
  std::string severity;    ///< ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG, in every language
  std::string sqlstate;    ///< five characters: appendix A of PostgreSQL's manual
  std::string message;     ///< one line, in the server's language
  std::string detail;      ///< may quote values of the tables
  std::string hint;        ///< what to try
  std::string position;    ///< where in the statement: a count of characters, from 1
  std::string context;     ///< the stack of PL/pgSQL functions, say
  std::string schema;      ///< of the table
  std::string table;       ///< that the error is about
  std::string column;      ///< that the error is about
  std::string constraint;  ///< that was violated
};

/// The server refused a statement; the connection stays open.
///
/// `what()` has the severity, the SQLSTATE, the server's message and the statement's text. It never has the statement's
/// parameters, unless the server quotes one in its message, as in `invalid input syntax for type integer: "x"`.
/// Copying does not throw.
class server_error : public error {
 public:
  /// \param said       the fields.
  /// \param statement  its text, with `$1` for the first parameter.
  server_error(server_message said, std::string_view statement);
  ~server_error() override;

  [[nodiscard]] const std::string& severity() const noexcept { return all_->said.severity; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return all_->said.sqlstate; }
  [[nodiscard]] const std::string& message() const noexcept { return all_->said.message; }
  [[nodiscard]] const std::string& detail() const noexcept { return all_->said.detail; }
  [[nodiscard]] const std::string& hint() const noexcept { return all_->said.hint; }
  [[nodiscard]] const std::string& constraint() const noexcept { return all_->said.constraint; }
  /// All fields.
  [[nodiscard]] const server_message& fields() const noexcept { return all_->said; }
  /// The statement's text.
  [[nodiscard]] const std::string& statement() const noexcept { return all_->statement; }

 private:
  struct contents {
    server_message said;
    std::string statement;
  };
  std::shared_ptr<const contents> all_;
};

/// There is no connection: it could not be made, it was lost, or it was closed. It is unknown whether the server has run
/// a statement that fails with this. Passwords do not appear in it.
class connection_error : public error {
 public:
  explicit connection_error(const std::string& message, std::string_view sqlstate = {});
  ~connection_error() override;

  /// The server's reason, if it gave one: `57P01` when an administrator ended the session, for instance. Else empty.
  /// (libpq does not pass it on where connecting fails.)
  [[nodiscard]] std::string_view sqlstate() const noexcept { return {sqlstate_, length_}; }

 private:
  char sqlstate_[5] = {};
  unsigned char length_ = 0;
};

/// A result is not what the program asked for: a NULL where a value is required, a text that is not a number, a column
/// that does not exist, two rows instead of one. Says which column, never the value.
class result_error : public error {
 public:
  using error::error;
  ~result_error() override;
};

/// The end of a transaction found it failed: a statement in it had failed before and the code went on, so the server
/// rolled everything back instead of committing.
class rolled_back : public error {
 public:
  using error::error;
  ~rolled_back() override;
};

}  // namespace interloop::postgres
