// SPDX-License-Identifier: MIT
// What `DeferredList` does, without a Python function per child.
#pragma once

#include "native_twisted.hpp"

namespace interloop::python {

bool make_twisted_gather_types(PyObject* module);

/// Fires `outer`, a Deferred, with the list of the results of `deferreds`, failures included. If `consume`, Deferreds
/// that failed continue with None; otherwise they keep their failures, and the first failed one in the list fails
/// `outer`.
bool twisted_gather(PyObject* outer, PyObject* deferreds, bool consume);

}  // namespace interloop::python
