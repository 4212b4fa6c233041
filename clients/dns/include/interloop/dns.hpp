// SPDX-License-Identifier: MIT
// DNS lookups by c-ares, on any loop.
#pragma once

#include <interloop/dns/address.hpp>
#include <interloop/dns/lookup_error.hpp>
#include <interloop/dns/records.hpp>
#include <interloop/dns/resolver.hpp>
