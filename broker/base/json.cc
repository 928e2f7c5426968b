// SPDX-License-Identifier: Apache-2.0
#include "broker/base/json.h"

#include <cctype>
#include <cmath>
#include <cstdio>

namespace runnel {

namespace {

void append_escaped(std::string& out, unsigned char c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    if (c >= 0x20 && c != 0x7F) {
        out += static_cast<char>(c);
        return;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", c);
    out += escape;
}

bool is_continuation(std::string_view text, size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Bytes of the character that begins at `at`; 0 if it is not well-formed UTF-8 (table 3-7 of the Unicode Standard).
size_t character_size(std::string_view text, size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4 || !is_continuation(text, at + 1)) return 0;
    if (first < 0xE0) return 2;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    if (first == 0xE0 && second < 0xA0) return 0;  // Longer than need be.
    if (first == 0xED && second > 0x9F) return 0;  // A surrogate.
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;  // Above U+10FFFF.
    if (!is_continuation(text, at + 2)) return 0;
    if (first < 0xF0) return 3;
    return is_continuation(text, at + 3) ? 4 : 0;
}

bool is_well_formed(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const size_t size = character_size(text, at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

void append_character_or_replacement(std::string& out, std::string_view text, size_t& at) {
    const size_t size = character_size(text, at);
    if (size != 0) {
        out += text.substr(at, size);
        at += size;
    } else {
        out += "\xEF\xBF\xBD";
        ++at;
    }
}

// Reads JSON by recursive descent and copies what is not blank.
class Compactor {
public:
    explicit Compactor(std::string_view text) : rest_(text) {}

    std::optional<std::string> run() {
        skip_blanks();
        if (!value(0)) return std::nullopt;
        skip_blanks();
        if (!rest_.empty()) return std::nullopt;
        return std::move(out_);
    }

private:
    static constexpr int kDepthMax = 200;

    bool value(int depth) {
        if (rest_.empty() || depth > kDepthMax) return false;
        switch (rest_.front()) {
            case '{': return list('}', depth, true);
            case '[': return list(']', depth, false);
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            default: return number();
        }
    }

    bool list(char end, int depth, bool named) {
        keep(1);
        skip_blanks();
        if (next_is(end)) return keep(1);
        for (;;) {
            if (named && !(string() && colon())) return false;
            if (!value(depth + 1)) return false;
            skip_blanks();
            if (next_is(end)) return keep(1);
            if (!next_is(',')) return false;
            keep(1);
            skip_blanks();
        }
    }

    bool colon() {
        skip_blanks();
        if (!next_is(':')) return false;
        keep(1);
        skip_blanks();
        return true;
    }

    bool string() {
        if (!next_is('"')) return false;
        size_t length = 1;
        for (; length < rest_.size() && rest_[length] != '"'; ++length) {
            if (static_cast<unsigned char>(rest_[length]) < 0x20) return false;
            if (rest_[length] == '\\' && !escape(length)) return false;
        }
        return length < rest_.size() && is_well_formed(rest_.substr(0, length)) && keep(length + 1);
    }

    // `at` is that of the backslash; moves it to the last byte of the escape.
    bool escape(size_t& at) {
        if (++at >= rest_.size()) return false;
        if (rest_[at] != 'u') return std::string_view("\"\\/bfnrt").find(rest_[at]) != std::string_view::npos;
        for (int digit = 0; digit < 4; ++digit)
            if (++at >= rest_.size() || !std::isxdigit(static_cast<unsigned char>(rest_[at]))) return false;
        return true;
    }

    bool number() {
        size_t length = next_is('-') ? 1 : 0;
        const size_t whole = digits(length);
        if (whole == 0 || (whole > 1 && rest_[length] == '0')) return false;
        length += whole;
        if (length < rest_.size() && rest_[length] == '.') {
            const size_t fraction = digits(length + 1);
            if (fraction == 0) return false;
            length += 1 + fraction;
        }
        if (length < rest_.size() && (rest_[length] == 'e' || rest_[length] == 'E')) {
            ++length;
            if (length < rest_.size() && (rest_[length] == '+' || rest_[length] == '-')) ++length;
            const size_t exponent = digits(length);
            if (exponent == 0) return false;
            length += exponent;
        }
        return keep(length);
    }

    size_t digits(size_t from) const {
        size_t count = 0;
        while (from + count < rest_.size() && rest_[from + count] >= '0' && rest_[from + count] <= '9')
            ++count;
        return count;
    }

    bool word(std::string_view expected) { return rest_.starts_with(expected) && keep(expected.size()); }

    bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
    bool keep(size_t length) {
        out_ += rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }
    void skip_blanks() {
        const size_t blanks = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(blanks == std::string_view::npos ? rest_.size() : blanks);
    }

    std::string_view rest_;
    std::string out_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c >= 0x80) {
            append_character_or_replacement(out, text, at);
        } else {
            append_escaped(out, c);
            ++at;
        }
    }
    out += '"';
}

std::optional<std::string> compact_json(std::string_view text) {
    return Compactor(text).run();
}

std::string& JsonObject::member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, name);
    return out_ += ':';
}

void JsonObject::number(std::string_view name, double value) {
    if (!std::isfinite(value)) {
        member(name) += "null";
        return;
    }
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    member(name) += digits;
}

size_t json_value_end(std::string_view compact, size_t at) {
    size_t depth = 0;
    for (; at < compact.size(); ++at) {
        const char c = compact[at];
        if (c == '"') {
            for (++at; at < compact.size() && compact[at] != '"'; ++at)
                if (compact[at] == '\\') ++at;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return at;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return compact.size();
}

std::vector<std::string_view> json_elements(std::string_view compact) {
    std::vector<std::string_view> elements;
    for (size_t at = 1; at < compact.size() && compact[at] != ']';) {
        const size_t end = json_value_end(compact, at);
        elements.push_back(compact.substr(at, end - at));
        at = end + (end < compact.size() && compact[end] == ',' ? 1 : 0);
    }
    return elements;
}

std::string_view json_member(std::string_view compact, std::string_view name) {
    std::string_view found;
    for (size_t at = 1; at + 1 < compact.size();) {
        size_t name_end = at + 1;  // Behind the quote.
        while (compact[name_end] != '"')
            name_end += compact[name_end] == '\\' ? 2 : 1;
        const size_t value = name_end + 2;  // Behind the quote and the colon.
        const size_t end = json_value_end(compact, value);
        if (compact.substr(at + 1, name_end - at - 1) == name) found = compact.substr(value, end - value);
        at = end + 1;
    }
    return found;
}

}  // namespace runnel
