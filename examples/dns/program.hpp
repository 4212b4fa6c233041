// SPDX-License-Identifier: MIT
// What every dns_<loop> does, once its main has called `setup`.
#pragma once

namespace dns {

/// Without arguments, asks two servers that it runs itself; with names as arguments, the system's servers.
int program(int count, char** arguments);

}  // namespace dns
