// SPDX-License-Identifier: MIT
// The part that is the same in every downloader_<loop>, called after its main has called `setup`.
#pragma once

namespace downloader {

/// Without arguments, visits its own web front as a browser would and prints the answers. With `serve`, prints the
/// front's address and serves until the standard input ends.
int program(int count, char** arguments);

}  // namespace downloader
