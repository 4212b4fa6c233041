// SPDX-License-Identifier: MIT
#include <interloop/dns/lookup_error.hpp>

#include <ares.h>

namespace interloop::dns {

lookup_error::lookup_error(const std::string& name, int code)
    : error(name + ": " + ares_strerror(code)), name_(std::make_shared<const std::string>(name)), code_(code) {}

lookup_error::~lookup_error() = default;

bool lookup_error::not_found() const noexcept { return code_ == ARES_ENOTFOUND || code_ == ARES_ENODATA; }

bool lookup_error::timed_out() const noexcept { return code_ == ARES_ETIMEOUT; }

}  // namespace interloop::dns
