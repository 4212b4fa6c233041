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

/// A sink that hands messages to a logger's sinks in spdlog, under interloop's loggers' names and with their time and
/// place. Fields that the format does not name follow the text, as ` name=value`, but for `log_failure`, which the text
/// says in any case. The logger's level counts too. A logger with a queue (`async_logger`) is passed by: its sinks are
/// written to at once.
///
/// \param to  null: spdlog's default logger, whichever it is when a message comes.
/// Thread safety: that of the logger's sinks, so give it the `_mt` ones. Errors: what those sinks throw.
[[nodiscard]] std::shared_ptr<log_sink> make_spdlog_sink(std::shared_ptr<spdlog::logger> to = nullptr);

/// A sink for spdlog's loggers that brings their messages here: `log_namespace` is the logger's name, or `spdlog`.
/// Messages that went the other way do not come back.
[[nodiscard]] std::shared_ptr<spdlog::sinks::sink> make_spdlog_receiver();

/// Gives all loggers that spdlog knows now, its default one included, such a receiver in place of their sinks.
/// Thread safety: as spdlog's loggers: none may be in use meanwhile.
void receive_spdlog();

}  // namespace interloop
