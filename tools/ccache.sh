#!/bin/sh
# SPDX-License-Identifier: MIT
# The compiler launcher of the project's own builds: ccache, so that a checkout in another folder finds what this one
# has compiled. Paths inside the checkout are taken relative to it, and the compiler's working folder is ignored; the
# debug information of such a hit names the folder that compiled it first.
here=$(cd "$(dirname "$0")/.." && pwd) || exit
export CCACHE_BASEDIR="$here" CCACHE_NOHASHDIR=1
# Settings that ccache requires to cache precompiled headers and files that use them; no source uses __TIME__.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
exec ccache "$@"
