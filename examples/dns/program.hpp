// SPDX-License-Identifier: MIT
// The part that is the same in every dns_<loop>, called after its main has called `setup`.
#pragma once

namespace dns {

/// Without arguments, asks two servers that it runs itself; with names as arguments, asks the system's servers.
int program(int count, char** arguments);

}  // namespace dns
