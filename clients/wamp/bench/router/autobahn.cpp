// SPDX-License-Identifier: MIT
#include "autobahn.hpp"

namespace bench {

autobahn_caller::autobahn_caller(const std::string& loop, const way& by, const std::string& address)
    : name_(loop + "_" + by.name()),
      process_({BENCH_PYTHON, BENCH_FOLDER "/autobahn_caller.py", loop, by.transport, by.serializer, address, name_,
                std::to_string(in_flight)}) {}

}  // namespace bench
