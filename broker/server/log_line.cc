// SPDX-License-Identifier: Apache-2.0
#include "broker/server/log_line.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

namespace runnel::server {
namespace {

constexpr std::string_view kEllipsis = "...";
constexpr size_t kCutFieldSize = 32;  // What the field "cut" may take, with brackets and newline.

// A character of UTF-8, or one byte that is none.
struct Character {
    uint32_t code = 0;
    size_t size = 1;
    bool valid = false;
};

// The length of a sequence that starts with this byte, and the smallest code that needs it.
struct Sequence {
    size_t size;
    uint32_t first_bits;
    uint32_t code_min;
};

Sequence sequence_of(uint8_t first) {
    if (first < 0x80) return {1, first, 0};
    if (first >= 0xC2 && first < 0xE0) return {2, first & 0x1Fu, 0x80};
    if (first >= 0xE0 && first < 0xF0) return {3, first & 0x0Fu, 0x800};
    if (first >= 0xF0 && first < 0xF5) return {4, first & 0x07u, 0x10000};
    return {0, 0, 0};
}

Character first_character(std::string_view text) {
    const Sequence sequence = sequence_of(static_cast<uint8_t>(text.front()));
    const Character bad_byte{.code = static_cast<uint8_t>(text.front()), .size = 1, .valid = false};
    if (sequence.size == 0 || sequence.size > text.size()) return bad_byte;
    uint32_t code = sequence.first_bits;
    for (size_t i = 1; i < sequence.size; ++i) {
        const auto byte = static_cast<uint8_t>(text[i]);
        if ((byte & 0xC0u) != 0x80) return bad_byte;
        code = code << 6 | (byte & 0x3Fu);
    }
    if (code < sequence.code_min || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return bad_byte;
    return {.code = code, .size = sequence.size, .valid = true};
}

// Controls, line separators, marks that turn the direction of text or have no width, and codes that are no characters.
bool is_deceptive(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xAD || code == 0x61C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || (code >= 0xFDD0 && code <= 0xFDEF) ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code & 0xFFFE) == 0xFFFE || (code >= 0xE0000 && code <= 0xE0FFF);
}

std::string hexadecimal(const char* format, uint32_t code) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), format, code);
    return text.data();
}

std::string short_escape(uint32_t code) {
    switch (code) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        case '"': return "\\\"";
        case '\\': return "\\\\";
        default: return {};
    }
}

// JSON has no \x; a character above U+FFFF is a pair there.
std::string json_escape(const Character& character) {
    if (!character.valid) return hexadecimal("\\\\x%02x", character.code);
    if (auto escape = short_escape(character.code); !escape.empty()) return escape;
    if (character.code <= 0xFFFF) return hexadecimal("\\u%04x", character.code);
    const uint32_t above = character.code - 0x10000;
    return hexadecimal("\\u%04x", 0xD800 + (above >> 10)) + hexadecimal("\\u%04x", 0xDC00 + (above & 0x3FFu));
}

std::string text_escape(const Character& character) {
    if (!character.valid) return hexadecimal("\\x%02x", character.code);
    if (auto escape = short_escape(character.code); !escape.empty()) return escape;
    if (character.code < 0x80) return hexadecimal("\\x%02x", character.code);
    return character.code <= 0xFFFF ? hexadecimal("\\u%04x", character.code) : hexadecimal("\\U%08x", character.code);
}

bool needs_escape(const Character& character) {
    return !character.valid || character.code == '"' || character.code == '\\' || is_deceptive(character.code);
}

std::string escape(std::string_view text, std::string (*escape_of)(const Character&)) {
    std::string escaped;
    escaped.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (needs_escape(character))
            escaped += escape_of(character);
        else
            escaped.append(text.substr(0, character.size));
        text.remove_prefix(character.size);
    }
    return escaped;
}

// The front of a long value, cut between characters.
std::string_view cut(std::string_view value) {
    if (value.size() <= kLogValueSizeMax) return value;
    size_t size = kLogValueSizeMax;
    while (size > kLogValueSizeMax - 3 && (static_cast<uint8_t>(value[size]) & 0xC0u) == 0x80)
        --size;
    return value.substr(0, size);
}

std::string_view ellipsis_of(std::string_view value) {
    return value.size() > kLogValueSizeMax ? kEllipsis : "";
}

std::string text_value(std::string_view value) {
    const std::string_view front = cut(value);
    const std::string escaped = escape(front, text_escape).append(ellipsis_of(value));
    const bool plain = !value.empty() && escaped.find_first_of(" =\\") == std::string::npos;
    return plain ? escaped : "\"" + escaped + "\"";
}

std::string json_value(std::string_view value) {
    return escape(cut(value), json_escape).insert(0, "\"").append(ellipsis_of(value)).append("\"");
}

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::Error: return "error";
        case LogLevel::Warning: return "warning";
        case LogLevel::Info: return "info";
        case LogLevel::Debug: return "debug";
        case LogLevel::Packets: return "packets";
    }
    return "unknown";
}

// RFC 3339 in UTC.
std::string format_time(int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>(unix_ms % 1'000));
    return text.data();
}

// Adds pieces to a line while they fit, and counts those that do not.
class Line {
public:
    explicit Line(std::string start) : text_(std::move(start)) {}
    void add(std::string_view piece, size_t fields) {
        const bool fits = cut_ == 0 && text_.size() + piece.size() + kCutFieldSize <= kLogLineSizeMax;
        if (fits)
            text_.append(piece);
        else
            cut_ += fields;
    }
    size_t fields_cut() const { return cut_; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    size_t cut_ = 0;
};

struct JsonMember {
    std::string_view name;
    std::vector<std::string> values;
};

std::vector<JsonMember> json_members(std::span<const LogField> fields) {
    std::vector<JsonMember> members;
    for (const LogField& field : fields) {
        auto same = members.begin();
        while (same != members.end() && same->name != field.name)
            ++same;
        if (same == members.end()) same = members.insert(same, {field.name, {}});
        same->values.push_back(json_value(field.value));
    }
    return members;
}

std::string json_text(const JsonMember& member) {
    std::string text = "," + json_value(member.name) + ":";
    const bool list = member.values.size() > 1;
    if (list) text += '[';
    for (size_t i = 0; i < member.values.size(); ++i)
        text.append(i == 0 ? "" : ",").append(member.values[i]);
    return list ? text + ']' : text;
}

}  // namespace

std::string escape_text(std::string_view text) {
    std::string escaped;
    while (!text.empty()) {
        const Character character = first_character(text);
        if (!character.valid || is_deceptive(character.code))
            escaped += text_escape(character);
        else
            escaped.append(text.substr(0, character.size));
        text.remove_prefix(character.size);
    }
    return escaped;
}

std::string format_text_line(int64_t unix_ms, LogLevel level, std::string_view message,
                             std::span<const LogField> fields) {
    Line line(format_time(unix_ms) + " " + std::string(name_of(level)) + " " +
              escape_text(cut(message)).append(ellipsis_of(message)));
    for (const LogField& field : fields)
        line.add(" " + std::string(field.name) + "=" + text_value(field.value), 1);
    if (line.fields_cut() == 0) return line.take() + "\n";
    const std::string count = std::to_string(line.fields_cut());
    return line.take() + " cut=" + count + "\n";
}

std::string format_json_line(int64_t unix_ms, LogLevel level, std::string_view message,
                             std::span<const LogField> fields) {
    Line line("{\"time\":" + json_value(format_time(unix_ms)) + ",\"level\":" + json_value(name_of(level)) +
              ",\"message\":" + json_value(message));
    for (const JsonMember& member : json_members(fields))
        line.add(json_text(member), member.values.size());
    if (line.fields_cut() == 0) return line.take() + "}\n";
    const std::string count = std::to_string(line.fields_cut());
    return line.take() + ",\"cut\":\"" + count + "\"}\n";
}

}  // namespace runnel::server
