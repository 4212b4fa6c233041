// SPDX-License-Identifier: MIT
// The server's answer, as a value that owns its parts.
#pragma once

#include <string>
#include <variant>
#include <vector>

struct redisReply;

namespace redis {

/// One reply: nothing, bytes, a status line, an integer, or an array of replies. A value: copies are deep, and it does
/// not depend on a connection.
///
/// Thread safety: like a `std::string`. The accessors throw `interloop::usage_error` if the reply is of another kind;
/// the message says which.
class reply {
 public:
  enum class kind : unsigned char {
    nil,
    string,
    status,  ///< a short fixed text: `OK`, `PONG`, `QUEUED`
    integer,
    array,
    error,  ///< inside arrays only (`EXEC`, scripts); elsewhere a command's future fails with `redis_error`
  };

  /// A nil reply.
  reply() noexcept = default;

  /// A copy of hiredis' reply; the caller keeps owning that.
  [[nodiscard]] static reply copy_of(const redisReply& native);

  [[nodiscard]] kind type() const noexcept { return kind_; }
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == kind::nil; }

  /// The bytes of a string, or the text of a status or an error.
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] long long integer() const;
  [[nodiscard]] const std::vector<reply>& elements() const;

 private:
  kind kind_ = kind::nil;
  std::variant<std::monostate, std::string, long long, std::vector<reply>> value_;
};

/// The name of a kind, as above.
[[nodiscard]] const char* name_of(reply::kind kind) noexcept;

}  // namespace redis
