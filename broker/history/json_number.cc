// SPDX-License-Identifier: Apache-2.0
#include "broker/history/json_number.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace runnel::history {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// A JSON text that is read from its front.
class Text {
public:
    explicit Text(std::string_view json) : rest_(json) {}

    char next() {
        const size_t begin = rest_.find_first_not_of(kWhiteSpace);
        rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
        return rest_.empty() ? '\0' : rest_.front();
    }
    bool at_end() {
        next();
        return rest_.empty();
    }
    bool take(char c) {
        const bool found = next() == c;
        if (found) rest_.remove_prefix(1);
        return found;
    }
    // Without its quotes, with its escapes.
    std::optional<std::string_view> string() {
        if (!take('"')) return std::nullopt;
        for (size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] == '\\') {
                ++i;
            } else if (rest_[i] == '"') {
                const std::string_view found = rest_.substr(0, i);
                rest_.remove_prefix(i + 1);
                return found;
            }
        }
        return std::nullopt;
    }
    // Numbers, true, false, null.
    std::string_view word() {
        next();
        const std::string_view found = rest_.substr(0, rest_.find_first_of(" \t\r\n,]}:\"[{"));
        rest_.remove_prefix(found.size());
        return found;
    }
    bool skip_value() {
        size_t depth = 0;
        do {
            const char c = next();
            if (c == '"') {
                if (!string()) return false;
            } else if (c == '{' || c == '[') {
                ++depth;
                rest_.remove_prefix(1);
            } else if (c == '}' || c == ']') {
                if (depth == 0) return false;
                --depth;
                rest_.remove_prefix(1);
            } else if (depth != 0 && (c == ',' || c == ':')) {
                rest_.remove_prefix(1);
            } else if (word().empty()) {
                return false;
            }
        } while (depth != 0);
        return true;
    }

private:
    std::string_view rest_;
};

// The grammar of RFC 8259: from_chars alone would take "inf", "0x1" in part, "01" and ".5".
bool is_json_number(std::string_view word) {
    const auto digits = [&word] {
        size_t count = 0;
        for (; !word.empty() && is_digit(word.front()); ++count)
            word.remove_prefix(1);
        return count;
    };
    if (word.starts_with('-')) word.remove_prefix(1);
    const bool begins_with_zero = word.starts_with('0');
    const size_t whole = digits();
    if (whole == 0 || (begins_with_zero && whole != 1)) return false;
    if (word.starts_with('.')) {
        word.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (word.starts_with('e') || word.starts_with('E')) {
        word.remove_prefix(1);
        if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return word.empty();
}

std::optional<double> number_of(std::string_view word) {
    if (!is_json_number(word)) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

// One character of a part of a pointer, in which ~0 is ~ and ~1 is /.
char take_pointer_character(std::string_view& part) {
    char c = part.front();
    part.remove_prefix(1);
    if (c != '~' || part.empty()) return c;
    c = part.front() == '0' ? '~' : '/';
    part.remove_prefix(1);
    return c;
}

std::optional<uint32_t> hex_of(std::string_view digits) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

void append_utf8(std::string& to, uint32_t code) {
    const auto byte = [&to](uint32_t value) { to.push_back(static_cast<char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xE0 | code >> 12);
        } else {
            byte(0xF0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3F));
        }
        byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
}

// A name with its escapes resolved. Only for names that have any, which is rare.
std::string without_escapes(std::string_view name) {
    constexpr std::string_view kFrom = "bfnrt";
    constexpr std::string_view kTo = "\b\f\n\r\t";
    std::string plain;
    uint32_t high = 0;  // The first half of a surrogate pair.
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '\\' || i + 1 == name.size()) {
            plain.push_back(name[i]);
            continue;
        }
        const char escaped = name[++i];
        const auto code = escaped == 'u' ? hex_of(name.substr(i + 1, 4)) : std::nullopt;
        if (code) {
            i += 4;
            if (*code >= 0xD800 && *code < 0xDC00) {
                high = *code;
            } else if (*code >= 0xDC00 && *code < 0xE000 && high != 0) {
                append_utf8(plain, 0x10000 + ((high - 0xD800) << 10) + (*code - 0xDC00));
            } else {
                append_utf8(plain, *code);
            }
            continue;
        }
        const size_t at = kFrom.find(escaped);
        plain.push_back(at == std::string_view::npos ? escaped : kTo[at]);
    }
    return plain;
}

bool names(std::string_view name, std::string_view part) {
    std::string plain;
    if (name.find('\\') != std::string_view::npos) name = plain = without_escapes(name);
    while (!part.empty()) {
        if (name.empty() || name.front() != take_pointer_character(part)) return false;
        name.remove_prefix(1);
    }
    return name.empty();
}

// Goes to the member with this name.
bool enter_object(Text& text, std::string_view part) {
    if (text.take('}')) return false;
    do {
        const auto name = text.string();
        if (!name || !text.take(':')) return false;
        if (names(*name, part)) return true;
        if (!text.skip_value()) return false;
    } while (text.take(','));
    return false;
}

bool enter_array(Text& text, std::string_view part) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool has_leading_zero = part.size() > 1 && part.front() == '0';
    if (error != std::errc() || end != part.data() + part.size() || has_leading_zero) return false;
    for (; index != 0; --index)
        if (!text.skip_value() || !text.take(',')) return false;
    return text.next() != ']';
}

}  // namespace

bool is_json_pointer(std::string_view pointer) {
    if (!pointer.empty() && pointer.front() != '/') return false;
    for (size_t i = 0; i < pointer.size(); ++i)
        if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
            return false;
    return true;
}

std::optional<double> number_at(std::string_view json, std::string_view pointer) {
    Text text(json);
    const bool is_whole = pointer.empty();
    while (!pointer.empty()) {
        const size_t end = std::min(pointer.find('/', 1), pointer.size());
        const std::string_view part = pointer.substr(1, end - 1);
        pointer.remove_prefix(end);
        const bool found = text.take('{') ? enter_object(text, part) : text.take('[') && enter_array(text, part);
        if (!found) return std::nullopt;
    }
    const char first = text.next();
    if (first != '-' && !is_digit(first)) return std::nullopt;
    const std::string_view word = text.word();
    if (is_whole && !text.at_end()) return std::nullopt;
    return number_of(word);
}

}  // namespace runnel::history
