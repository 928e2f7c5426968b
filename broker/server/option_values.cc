// SPDX-License-Identifier: Apache-2.0
// Values of options: from what stood in the file, and back to text.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "broker/server/options.h"
#include "broker/server/units.h"

namespace runnel::server {
namespace {

using Fitted = Result<OptionValue, OptionFault>;

constexpr std::string_view kNeverText = "never";

// "\"a\", \"b\" or \"c\""
std::string list_text(std::span<const std::string_view> choices) {
    std::string text;
    for (size_t i = 0; i < choices.size(); ++i) {
        if (i != 0) text += i + 1 == choices.size() ? " or " : ", ";
        text.append("\"").append(choices[i]).append("\"");
    }
    return text;
}

std::string_view type_of(const RawValue& raw) {
    constexpr std::array<std::string_view, 5> kTypes{"a boolean", "an integer", "a number with a fraction", "a string",
                                                     "a list of strings"};
    const auto* no_value = std::get_if<NoValue>(&raw);
    return no_value != nullptr ? no_value->what : kTypes[raw.index()];
}

std::string_view type_wanted(OptionKind kind) {
    switch (kind) {
        case OptionKind::Boolean: return "a boolean";
        case OptionKind::Integer: return "an integer";
        case OptionKind::Duration:
        case OptionKind::DurationOrNever: return "a string such as \"10s\"";
        case OptionKind::Size:
        case OptionKind::PlainSize: return "an integer or a string such as \"64MiB\"";
        case OptionKind::Text:
        case OptionKind::OneOf: return "a string";
        case OptionKind::TextList: return "a list of strings";
        case OptionKind::Number: return "a number";
    }
    return "";
}

OptionFault wrong_type(const OptionShape& shape, const RawValue& raw) {
    return {"must be " + std::string(type_wanted(shape.kind)) + ", not " + std::string(type_of(raw))};
}

Fitted in_range(const OptionShape& shape, int64_t value, const std::string& text) {
    if (value < shape.min || value > shape.max) return OptionFault{text + " is out of range"};
    return OptionValue(value);
}

Fitted fit_duration(const OptionShape& shape, const std::string& text) {
    const bool may_be_never = shape.kind == OptionKind::DurationOrNever;
    if (may_be_never && text == kNeverText) return OptionValue(kNever);
    const auto ms = parse_duration(text);
    if (!ms) return OptionFault{toml_string(text) + " is no duration: a whole number with the unit ms, s, m, h or d"};
    if (may_be_never && *ms % 1'000 != 0) return OptionFault{toml_string(text) + " is no whole number of seconds"};
    return in_range(shape, *ms, toml_string(text));
}

Fitted fit_size(const OptionShape& shape, const std::string& text) {
    const auto bytes = parse_size(text);
    if (!bytes)
        return OptionFault{toml_string(text) +
                           " is no size: a whole number with the unit B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"};
    return in_range(shape, *bytes, toml_string(text));
}

Fitted fit_choice(const OptionShape& shape, const std::string& text) {
    const auto found = std::ranges::find(shape.choices, text);
    if (found == shape.choices.end()) return OptionFault{toml_string(text) + " is not known"};
    return OptionValue(static_cast<int64_t>(found - shape.choices.begin()));
}

Fitted fit_text(const OptionShape& shape, const std::string& text) {
    if (text.size() > static_cast<size_t>(shape.max)) return OptionFault{"is too long"};
    if (text.size() < static_cast<size_t>(shape.min)) return OptionFault{"must not be empty"};
    if (text.find('\0') != std::string::npos) return OptionFault{"holds U+0000"};
    return OptionValue(text);
}

Fitted fit_string(const OptionShape& shape, const std::string& text) {
    switch (shape.kind) {
        case OptionKind::Duration:
        case OptionKind::DurationOrNever: return fit_duration(shape, text);
        case OptionKind::Size:
        case OptionKind::PlainSize: return fit_size(shape, text);
        case OptionKind::OneOf: return fit_choice(shape, text);
        case OptionKind::Text: return fit_text(shape, text);
        default: return wrong_type(shape, text);
    }
}

bool takes_integer(OptionKind kind) {
    return kind == OptionKind::Integer || kind == OptionKind::Size || kind == OptionKind::PlainSize;
}

std::string size_text(int64_t bytes) {
    const bool round = bytes > 0 && bytes % 1024 == 0;
    return round ? "\"" + format_size(bytes) + "\"" : std::to_string(bytes);
}

std::string duration_text(int64_t ms) {
    return "\"" + format_duration(ms) + "\"";
}

Fitted fit_number(double number) {
    if (!std::isfinite(number)) return OptionFault{"is no finite number"};
    return OptionValue(number);
}

std::string number_text(double number) {
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

}  // namespace

Fitted fit(const OptionShape& shape, const RawValue& raw) {
    if (const auto* text = std::get_if<std::string>(&raw)) return fit_string(shape, *text);
    if (const auto* number = std::get_if<int64_t>(&raw); number != nullptr && takes_integer(shape.kind))
        return in_range(shape, *number, std::to_string(*number));
    if (shape.kind == OptionKind::Number) {
        if (const auto* number = std::get_if<int64_t>(&raw)) return fit_number(static_cast<double>(*number));
        if (const auto* number = std::get_if<double>(&raw)) return fit_number(*number);
    }
    if (const auto* boolean = std::get_if<bool>(&raw); boolean != nullptr && shape.kind == OptionKind::Boolean)
        return OptionValue(*boolean);
    if (const auto* list = std::get_if<std::vector<std::string>>(&raw);
        list != nullptr && shape.kind == OptionKind::TextList)
        return OptionValue(*list);
    return wrong_type(shape, raw);
}

std::string allowed_text(const OptionShape& shape) {
    switch (shape.kind) {
        case OptionKind::Boolean: return "true or false";
        case OptionKind::Integer: return std::to_string(shape.min) + " to " + std::to_string(shape.max);
        case OptionKind::Duration: return duration_text(shape.min) + " to " + duration_text(shape.max);
        case OptionKind::DurationOrNever:
            return duration_text(shape.min) + " to " + duration_text(shape.max) + " or \"never\"";
        case OptionKind::Size:
        case OptionKind::PlainSize:
            return size_text(shape.min) + " to " + size_text(shape.max) + ", in bytes or with a unit";
        case OptionKind::Text: return shape.min == 0 ? "any text" : "a text that is not empty";
        case OptionKind::OneOf: return list_text(shape.choices);
        case OptionKind::TextList: return "a list of strings";
        case OptionKind::Number: return "a number";
    }
    return "";
}

std::string toml_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            quoted += escape.data();
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string toml_text(const OptionShape& shape, const OptionValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return toml_string(*text);
    if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        std::string text = "[";
        for (const std::string& entry : *list)
            text.append(text.size() == 1 ? "" : ", ").append(toml_string(entry));
        return text + "]";
    }
    if (const auto* real = std::get_if<double>(&value)) return number_text(*real);
    const int64_t number = std::get<int64_t>(value);
    switch (shape.kind) {
        case OptionKind::DurationOrNever:
            if (number == kNever) return toml_string(kNeverText);
            [[fallthrough]];
        case OptionKind::Duration: return duration_text(number);
        case OptionKind::Size: return size_text(number);
        case OptionKind::OneOf: return toml_string(shape.choices[static_cast<size_t>(number)]);
        default: return std::to_string(number);
    }
}

}  // namespace runnel::server
