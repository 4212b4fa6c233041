// SPDX-License-Identifier: MIT
// A C++ library that names no loop.
#pragma once

#include <interloop/interloop.hpp>

#include <memory>
#include <string>

/// Doubles a number after a moment.
interloop::future<int> doubled_later(interloop::api async, int value, double seconds);

/// Waits for a number and adds one.
interloop::future<int> plus_one(interloop::future<int> value);

/// Fails after a moment with std::out_of_range.
interloop::future<void> fails_later(interloop::api async, std::string message);

/// Never done; counts how often it was cancelled.
interloop::future<int> never(interloop::api async);
int cancellations() noexcept;

/// Done when `complete_promised` is called; it is forgotten by `forget_promised`.
interloop::future<int> promised(interloop::api async);
void complete_promised(int value);
void forget_promised();

/// A value that can only be moved.
struct token {
  std::unique_ptr<int> number;
};
interloop::future<token> token_later(interloop::api async, int number);

/// A word that a thread of the library sends, without the GIL.
interloop::future<std::string> from_a_thread(interloop::api async, std::string word);
