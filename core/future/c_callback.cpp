// SPDX-License-Identifier: MIT
#include <interloop/c_callback.hpp>

#include <cerrno>
#include <new>
#include <system_error>

namespace interloop {
namespace {

int number_of(const failure& why) noexcept {
  try {
    why.rethrow();
  } catch (const cancelled_error&) {
    return ECANCELED;
  } catch (const timeout_error&) {
    return ETIMEDOUT;
  } catch (const loop_closed&) {
    return ESHUTDOWN;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::system_error& error) {
    const std::error_code code = error.code();
    const bool known = code.category() == std::system_category() || code.category() == std::generic_category();
    return known && code.value() > 0 ? code.value() : -1;
  } catch (...) {
    return -1;
  }
}

}  // namespace

detail::c_failure::c_failure(const failure* why) noexcept {
  if (!why) return;
  error = number_of(*why);
  try {
    text = why->message();
    if (text.empty()) text = why->type_name();
  } catch (...) {  // no memory: the number has to do
  }
}

}  // namespace interloop
