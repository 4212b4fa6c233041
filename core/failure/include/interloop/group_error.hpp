// SPDX-License-Identifier: MIT
// Several failures as one: what a `task_group` and a `first_of` fail with if more than one operation has failed.
#pragma once

#include <interloop/error.hpp>
#include <interloop/failure.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace interloop {

/// Several operations have failed. `what()` has the messages of all; a formatted traceback lists them as causes.
///
/// If only one has failed, its own exception is thrown instead, so that it can be caught by its type; `failures_of`
/// treats both alike.
/// Source: Python `ExceptionGroup`.
class group_error : public error {
 public:
  /// Errors: `std::bad_alloc`.
  explicit group_error(std::vector<failure> all);
  group_error(const group_error&) noexcept = default;
  group_error& operator=(const group_error&) noexcept = default;
  ~group_error() override;

  /// In the order in which a group's tasks failed, or in that of the arguments of `first_of`.
  [[nodiscard]] const std::vector<failure>& failures() const noexcept { return *all_; }

 private:
  std::shared_ptr<const std::vector<failure>> all_;  // shared, so that copying does not throw
};

/// The failures of a `group_error`, or the failure itself if it is another one. Errors: `std::bad_alloc`.
[[nodiscard]] std::vector<failure> failures_of(const failure& fail);

namespace detail {

/// One failure of several; of none if memory was short. A single one stays as it is.
[[nodiscard]] failure failure_of_all(std::vector<failure> all, std::source_location where) noexcept;

}  // namespace detail
}  // namespace interloop
