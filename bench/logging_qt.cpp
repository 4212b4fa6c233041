// SPDX-License-Identifier: MIT
// Qt's part of bench/logging.cpp: a separate file, because Qt's headers define macros.
#include <QLoggingCategory>

namespace bench {

bool qt_disabled_call(int times);

Q_LOGGING_CATEGORY(bunny, "bench.bunny", QtInfoMsg)

bool qt_disabled_call(int times) {
  qCDebug(bunny) << "Hopping" << times << "times.";
  return times > 0;
}

}  // namespace bench
