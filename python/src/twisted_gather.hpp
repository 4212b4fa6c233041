// SPDX-License-Identifier: MIT
// What `DeferredList` does, without a Python function a child.
#pragma once

#include "native_twisted.hpp"

namespace interloop::python {

bool make_twisted_gather_types(PyObject* module);

/// Fires `outer`, a Deferred, with the list of the results of `deferreds`, failures included. If `consume`, the Deferreds
/// go on with None where they failed; else they keep their failures, and the first one by place fails `outer`.
bool twisted_gather(PyObject* outer, PyObject* deferreds, bool consume);

}  // namespace interloop::python
