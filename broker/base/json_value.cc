// SPDX-License-Identifier: Apache-2.0
#include "broker/base/json_value.h"

#include <charconv>

#include "broker/base/json.h"

namespace runnel {
namespace {

void append_utf8(std::string& out, uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0 | point >> 6);
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0 | point >> 12);
        out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | point >> 18);
        out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    }
}

// Builds the value of JSON that compact_json has found valid and freed of blanks, so it need not look for faults; nor
// for a depth that exhausts the stack, which compact_json bounds.
class Builder {
public:
    explicit Builder(std::string_view text) : rest_(text) {}

    JsonValue value() {
        switch (rest_.front()) {
            case '{': return object();
            case '[': return array();
            case '"': return JsonValue(JsonValue::Content(string()));
            case 't': return word(4, true);
            case 'f': return word(5, false);
            case 'n': return word(4, std::monostate{});
            default: return number();
        }
    }

private:
    JsonValue word(size_t size, JsonValue::Content content) {
        rest_.remove_prefix(size);
        return JsonValue(std::move(content));
    }

    JsonValue object() {
        JsonValue::Members members;
        rest_.remove_prefix(1);
        while (!ends_with('}')) {
            std::string name = string();
            rest_.remove_prefix(1);  // The colon.
            members.emplace_back(std::move(name), value());
        }
        return JsonValue(JsonValue::Content(std::move(members)));
    }

    JsonValue array() {
        JsonValue::Elements elements;
        rest_.remove_prefix(1);
        while (!ends_with(']'))
            elements.push_back(value());
        return JsonValue(JsonValue::Content(std::move(elements)));
    }

    // Steps over the comma in front of the next part, or over the end.
    bool ends_with(char end) {
        const bool ends = rest_.front() == end;
        if (ends || rest_.front() == ',') rest_.remove_prefix(1);
        return ends;
    }

    JsonValue number() {
        double number = 0;
        const char* end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number).ptr;
        rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
        return JsonValue(JsonValue::Content(number));
    }

    std::string string() {
        std::string text;
        rest_.remove_prefix(1);
        while (rest_.front() != '"') {
            if (rest_.front() == '\\') {
                append_escaped_character(text);
            } else {
                text += rest_.front();
                rest_.remove_prefix(1);
            }
        }
        rest_.remove_prefix(1);
        return text;
    }

    void append_escaped_character(std::string& out) {
        const char letter = rest_[1];
        rest_.remove_prefix(2);
        switch (letter) {
            case 'b': out += '\b'; return;
            case 'f': out += '\f'; return;
            case 'n': out += '\n'; return;
            case 'r': out += '\r'; return;
            case 't': out += '\t'; return;
            case 'u': append_utf8(out, code_point()); return;
            default: out += letter; return;
        }
    }

    // Half of a surrogate pair without the other half becomes U+FFFD.
    uint32_t code_point() {
        const uint32_t first = four_digits();
        if (first < 0xD800 || first > 0xDFFF) return first;
        if (first > 0xDBFF || !rest_.starts_with("\\u")) return 0xFFFD;
        const std::string_view before = rest_;
        rest_.remove_prefix(2);
        const uint32_t second = four_digits();
        if (second >= 0xDC00 && second <= 0xDFFF) return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        rest_ = before;
        return 0xFFFD;
    }

    uint32_t four_digits() {
        uint32_t number = 0;
        std::from_chars(rest_.data(), rest_.data() + 4, number, 16);
        rest_.remove_prefix(4);
        return number;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<JsonValue> JsonValue::parse(std::string_view text) {
    const auto compact = compact_json(text);
    if (!compact) return std::nullopt;
    return Builder(*compact).value();
}

const JsonValue& JsonValue::operator[](std::string_view name) const {
    static const JsonValue kNull;
    const Members& all = members();
    for (auto member = all.rbegin(); member != all.rend(); ++member)
        if (member->first == name) return member->second;
    return kNull;
}

const JsonValue::Elements& JsonValue::elements() const {
    static const Elements kNone;
    const auto* elements = std::get_if<Elements>(&content_);
    return elements != nullptr ? *elements : kNone;
}

const JsonValue::Members& JsonValue::members() const {
    static const Members kNone;
    const auto* members = std::get_if<Members>(&content_);
    return members != nullptr ? *members : kNone;
}

std::string JsonValue::text(std::string_view otherwise) const {
    const std::string* text = if_text();
    return text != nullptr ? *text : std::string(otherwise);
}

double JsonValue::number(double otherwise) const {
    const auto* number = std::get_if<double>(&content_);
    return number != nullptr ? *number : otherwise;
}

bool JsonValue::boolean(bool otherwise) const {
    const auto* boolean = std::get_if<bool>(&content_);
    return boolean != nullptr ? *boolean : otherwise;
}

}  // namespace runnel
