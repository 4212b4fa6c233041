// SPDX-License-Identifier: MIT
// Why a lookup failed.
#pragma once

#include <interloop/error.hpp>

#include <memory>
#include <string>

namespace interloop::dns {

/// A lookup failed: the server said so, or no server gave an answer that can be used. The message is the name that was
/// looked up, and c-ares' words for the code.
class lookup_error : public error {
 public:
  /// \param code  one of c-ares' (`ARES_ENOTFOUND`).
  lookup_error(const std::string& name, int code);
  ~lookup_error() override;

  /// The name that was looked up; for `names`, the address. Valid while this or a copy of it exists.
  [[nodiscard]] const std::string& name() const noexcept { return *name_; }
  /// c-ares' code: those in `<ares.h>`.
  [[nodiscard]] int code() const noexcept { return code_; }

  /// Whether the server said that there is no such name, or no such record of it.
  [[nodiscard]] bool not_found() const noexcept;
  /// Whether no server has answered in time.
  [[nodiscard]] bool timed_out() const noexcept;

 private:
  std::shared_ptr<const std::string> name_;  // shared, so that copying does not throw
  int code_;
};

}  // namespace interloop::dns
