// SPDX-License-Identifier: MIT
// What every downloader_<loop> does, once its main has called `setup`.
#pragma once

namespace downloader {

/// Without arguments, visits its own web front as a browser would and prints what that says. With `serve`, prints the
/// front's address and serves until the standard input ends.
int program(int count, char** arguments);

}  // namespace downloader
