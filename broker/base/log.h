// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace runnel {

// Packets prints conversations, one line a Control Packet.
enum class LogLevel : uint8_t { Error, Warning, Info, Debug, Packets };

// One named value of a log line. Values may hold any bytes: a sink escapes them.
struct LogField {
    std::string_view name;
    std::string value;

    LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    LogField(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
    LogField(std::string_view field_name, const char* text) : name(field_name), value(text) {}
    template <class Number>
    requires(std::is_integral_v<Number>) LogField(std::string_view field_name, Number number)
        : name(field_name), value(std::to_string(number)) {}
};

// Where log lines go. Called from every event loop: an implementation must be safe for that and must not block for
// long.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(LogLevel level, std::string_view message, std::span<const LogField> fields) = 0;
    // Lines above this level are not wanted.
    virtual LogLevel level() const = 0;
};

// Hands lines to a sink if their level is wanted. Messages are constant text; what varies goes into fields.
class Log {
public:
    explicit Log(LogSink& sink) : sink_(&sink) {}

    bool wants(LogLevel level) const { return level <= sink_->level(); }
    void write(LogLevel level, std::string_view message, std::span<const LogField> fields) const {
        if (wants(level)) sink_->write(level, message, fields);
    }
    void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) const {
        if (wants(level)) sink_->write(level, message, {fields.begin(), fields.size()});
    }
    void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Error, message, fields);
    }
    void warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Warning, message, fields);
    }
    void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Info, message, fields);
    }
    void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(LogLevel::Debug, message, fields);
    }

private:
    LogSink* sink_;
};

}  // namespace runnel
