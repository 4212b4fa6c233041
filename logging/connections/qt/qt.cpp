// SPDX-License-Identifier: MIT
#include <interloop/logging/qt.hpp>

#include <interloop/logging/receive.hpp>

#include <QLoggingCategory>
#include <QMessageLogger>
#include <QString>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace interloop {

namespace {

constexpr std::string_view origin = "qt";
constinit thread_local bool writing_to_qt = false;  // Qt calls its handler in the thread that logs
constinit std::atomic<QtMessageHandler> earlier{nullptr};

QtMsgType to_qt(log_level level) noexcept {
  switch (level) {
    case log_level::critical:
    case log_level::error:
      return QtCriticalMsg;
    case log_level::warn:
      return QtWarningMsg;
    case log_level::info:
      return QtInfoMsg;
    default:
      return QtDebugMsg;
  }
}

log_level from_qt(QtMsgType type) noexcept {
  switch (type) {
    case QtFatalMsg:
      return log_level::critical;
    case QtCriticalMsg:
      return log_level::error;
    case QtWarningMsg:
      return log_level::warn;
    case QtInfoMsg:
      return log_level::info;
    case QtDebugMsg:
      break;
  }
  return log_level::debug;
}

// Qt keeps pointers to categories, so they stay where they are as long as the process runs.
class categories {
 public:
  const QLoggingCategory& get(std::string_view name) {
    const std::lock_guard lock(mutex_);
    auto at = all_.find(name);
    if (at == all_.end()) {
      at = all_.try_emplace(std::string(name)).first;
      at->second = new QLoggingCategory(at->first.c_str());
    }
    return *at->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, const QLoggingCategory*, std::less<>> all_;
};

class qt_sink : public log_sink {
 public:
  void write(const log_event& event) override {
    if (event.origin == origin) return;
    static categories* const known = new categories;  // never destroyed, like loggers
    const QLoggingCategory& category = known->get(event.name);
    const QtMsgType type = to_qt(event.level);
    if (!category.isEnabled(type)) return;
    const std::string_view text = event.text();  // before writing to Qt: a user's formatter may log to Qt
    const struct scope {
      bool outer = std::exchange(writing_to_qt, true);
      ~scope() { writing_to_qt = outer; }
    } here;
    const QMessageLogContext context(event.where.file_name(), static_cast<int>(event.where.line()),
                                     event.where.function_name(), category.categoryName());
    qt_message_output(type, context, QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())));
  }
};

void receive(QtMsgType type, const QMessageLogContext& context, const QString& text) {
  if (writing_to_qt) {
    if (const QtMessageHandler other = earlier.load()) other(type, context, text);
    return;
  }
  const QByteArray bytes = text.toUtf8();
  const std::string_view category = context.category ? context.category : "";
  const field_view place[]{{"code_file", value_view(std::string_view(context.file ? context.file : ""))},
                           {"code_line", value_view(std::int64_t{context.line})}};
  receive_log(origin, category == "default" ? std::string_view() : category, from_qt(type),
              {bytes.constData(), static_cast<std::size_t>(bytes.size())}, std::span(place, context.file ? 2 : 0));
  if (type == QtFatalMsg) flush_logs();  // Qt ends the process next
}

}  // namespace

std::shared_ptr<log_sink> make_qt_sink() { return std::make_shared<qt_sink>(); }

void receive_qt() {
  static std::atomic<bool> done{false};
  if (!done.exchange(true)) earlier.store(qInstallMessageHandler(receive));
}

}  // namespace interloop
