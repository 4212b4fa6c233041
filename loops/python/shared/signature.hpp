// SPDX-License-Identifier: MIT
// A Python signature for compiled functions: positional and named arguments into slots, without a tuple or a dict.
#pragma once

#include "names.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace interloop::python {

/// `function(name1, name2=...)`: `Count` names, of which the first `required` must be given.
template <std::size_t Count>
struct signature {
  const char* function;
  std::size_t required;
  std::array<PyObject**, Count> names;   // addresses, because the strings are made when the module is loaded
  std::array<PyObject**, Count> also{};  // the name in txaio's guide, if that is a different one
};

namespace detail {
bool parse(const char* function, std::size_t required, PyObject** const* names, PyObject** const* also,
           std::size_t count, const arguments& given, PyObject** slots);
}

/// Puts the given arguments into `slots`, borrowed; other slots stay as they are. False: TypeError is set.
template <std::size_t Count>
bool parse(const signature<Count>& wanted, const arguments& given, std::array<PyObject*, Count>& slots) {
  if (!given.names && given.positional <= static_cast<Py_ssize_t>(Count) &&
      given.positional >= static_cast<Py_ssize_t>(wanted.required)) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(given.positional); ++i) slots[i] = given.values[i];
    return true;
  }
  return detail::parse(wanted.function, wanted.required, wanted.names.data(), wanted.also.data(), Count, given,
                       slots.data());
}

/// Whether `argument` can be called; false: TypeError is set, naming the function that needs it.
bool require_callable(const char* function, PyObject* argument);

/// Splits `function(first, ..., *args, **kwargs)`: `leading` gets the named first arguments, however they were given,
/// and `rest` the others. Keeps the objects that it had to make; false: TypeError is set.
class leading_arguments {
 public:
  template <std::size_t Count>
  bool split(const signature<Count>& wanted, const arguments& given, std::array<PyObject*, Count>& leading) {
    if (given.positional >= static_cast<Py_ssize_t>(Count)) {
      for (std::size_t i = 0; i < Count; ++i) leading[i] = given.values[i];
      rest = {given.values + Count, given.positional - static_cast<Py_ssize_t>(Count), given.names};
      return true;
    }
    return split_slowly(wanted.function, wanted.names.data(), wanted.also.data(), Count, given, leading.data());
  }
  arguments rest{};

 private:
  bool split_slowly(const char* function, PyObject** const* names, PyObject** const* also, std::size_t count,
                    const arguments& given, PyObject** leading);
  std::vector<PyObject*> values_;
  ref names_;
};

}  // namespace interloop::python
