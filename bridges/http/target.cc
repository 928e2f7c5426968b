// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/target.h"

#include <algorithm>

namespace runnel::http {
namespace {

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Takes what is in front of the separator, and the separator, off the front.
std::string_view take_until(std::string_view& rest, char separator) {
    const size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

bool read_path(std::string_view path, std::vector<std::string>& segments) {
    path.remove_prefix(1);
    for (;;) {
        const size_t end = path.find('/');
        auto segment = percent_decode(path.substr(0, end), false);
        if (!segment) return false;
        segments.push_back(*std::move(segment));
        if (end == std::string_view::npos) return true;
        path.remove_prefix(end + 1);
    }
}

}  // namespace

bool read_pairs(std::string_view text, std::vector<std::pair<std::string, std::string>>& pairs) {
    while (!text.empty()) {
        std::string_view value = take_until(text, '&');
        if (value.empty()) continue;
        auto name = percent_decode(take_until(value, '='), true);
        auto decoded = percent_decode(value, true);
        if (!name || !decoded) return false;
        pairs.emplace_back(*std::move(name), *std::move(decoded));
    }
    return true;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        if (kPlain.find(c) != std::string_view::npos) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += kDigits[byte >> 4];
        encoded += kDigits[byte & 15];
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string decoded;
    decoded.reserve(text.size());
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && plus_is_blank) {
            decoded += ' ';
        } else if (text[at] != '%') {
            decoded += text[at];
        } else {
            const int high = text.size() - at > 2 ? digit_of(text[at + 1]) : -1;
            const int low = high >= 0 ? digit_of(text[at + 2]) : -1;
            if (low < 0 || high * 16 + low == 0) return std::nullopt;
            decoded += static_cast<char>(high * 16 + low);
            at += 2;
        }
    }
    return decoded;
}

bool read_target(Request& request) {
    std::string_view target = request.target;
    if (target == "*") return request.method == "OPTIONS";
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const size_t path = std::min(target.find_first_of("/?", scheme.size()), target.size());
        target.remove_prefix(path);
        if (!target.starts_with('/')) return target.empty() && (request.segments.assign(1, {}), true);
        break;
    }
    if (!target.starts_with('/')) return false;
    const std::string_view path = take_until(target, '?');
    return read_path(path, request.segments) && read_pairs(target, request.query);
}

}  // namespace runnel::http
