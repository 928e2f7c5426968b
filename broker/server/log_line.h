// SPDX-License-Identifier: Apache-2.0
// Log lines as text. Total on any bytes: what strangers send can neither break a line nor reach a terminal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "broker/base/log.h"
#include "broker/server/config.h"

namespace runnel::server {

inline constexpr size_t kLogValueSizeMax = 256;  // Bytes of a value before "..."; escapes make it longer.
inline constexpr size_t kLogLineSizeMax = 4096;  // PIPE_BUF: what Linux writes into a pipe in one piece.

// 2026-11-22T20:11:01.123Z info ready mqtt=127.0.0.1:1883
//
// With its newline. `unix_ms` are milliseconds since 1970. Values are quoted if they hold anything but plain text;
// fields that do not fit into a line are left out and counted in a last field "cut".
std::string format_text_line(int64_t unix_ms, LogLevel level, std::string_view message,
                             std::span<const LogField> fields);

// {"time":"2026-11-22T20:11:01.123Z","level":"info","message":"ready","mqtt":"127.0.0.1:1883"}
//
// Values are strings; the values of several fields of one name are a list. Bytes that are not UTF-8 are shown as \xff.
std::string format_json_line(int64_t unix_ms, LogLevel level, std::string_view message,
                             std::span<const LogField> fields);

inline std::string format_text_line(int64_t unix_ms, LogLevel level, std::string_view message,
                                    std::initializer_list<LogField> fields) {
    return format_text_line(unix_ms, level, message, std::span<const LogField>(fields.begin(), fields.size()));
}
inline std::string format_json_line(int64_t unix_ms, LogLevel level, std::string_view message,
                                    std::initializer_list<LogField> fields) {
    return format_json_line(unix_ms, level, message, std::span<const LogField>(fields.begin(), fields.size()));
}

// The text with line breaks, control characters, bytes that are not UTF-8, and characters that redirect or hide text
// escaped; for showing it on one line of a terminal.
std::string escape_text(std::string_view text);

}  // namespace runnel::server
