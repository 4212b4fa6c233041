// SPDX-License-Identifier: MIT
// Logging and spdlog, in both directions. Component `log_spdlog`, target `interloop::log_spdlog`.
#pragma once

#include <interloop/logging/sink.hpp>

#include <memory>

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace interloop {

/// A sink that hands messages to the sinks of an spdlog logger, under the names of interloop's loggers and with their
/// time and place. Fields that the format does not name follow the text as ` name=value`, except `log_failure`, which
/// is in the text anyway. The spdlog logger's level applies too. The queue of an `async_logger` is bypassed: its sinks
/// are written to at once.
///
/// \param to  null: spdlog's default logger, whichever it is when a message comes.
/// Thread safety: that of the logger's sinks, so use the `_mt` ones. Errors: what those sinks throw.
[[nodiscard]] std::shared_ptr<log_sink> make_spdlog_sink(std::shared_ptr<spdlog::logger> to = nullptr);

/// A sink for spdlog's loggers that brings their messages here: `log_namespace` is the logger's name, or `spdlog`.
/// Messages that went the other way do not come back.
[[nodiscard]] std::shared_ptr<spdlog::sinks::sink> make_spdlog_receiver();

/// Replaces the sinks of all loggers that spdlog knows now, including its default one, by such a receiver.
/// Thread safety: none of spdlog's loggers may be in use meanwhile.
void receive_spdlog();

}  // namespace interloop
