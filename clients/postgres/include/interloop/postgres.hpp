// SPDX-License-Identifier: MIT
// The PostgreSQL client: everything. Start with postgres/connection.hpp.
#pragma once

#include <interloop/postgres/connection.hpp>
#include <interloop/postgres/pool.hpp>
