// SPDX-License-Identifier: MIT
#include <interloop/redis/transaction.hpp>

#include "encode.hpp"

#include <interloop/error.hpp>

namespace interloop::redis {

void transaction::add(std::span<const word> words) {
  require_one_reply(words);
  require_inside_transaction(words);
  bytes command;
  encode(command, words);
  encoded_ += command.view();
  ++size_;
}

const reply& transaction_outcome::at(std::size_t position) const {
  if (!committed_)
    throw usage_error(
        "this transaction was not run, because a watched key had been changed: there is no result; look at "
        "committed() first");
  if (position >= replies_.size()) throw usage_error("this command is not one of this transaction");
  return replies_[position];
}

}  // namespace interloop::redis
