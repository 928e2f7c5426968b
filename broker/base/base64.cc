// SPDX-License-Identifier: Apache-2.0
#include "broker/base/base64.h"

#include <array>
#include <cstdint>

namespace runnel {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> make_values() {
    std::array<uint8_t, 256> values{};
    values.fill(kNoDigit);
    for (size_t i = 0; i < kDigits.size(); ++i)
        values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint8_t>(i);
    return values;
}

constexpr std::array<uint8_t, 256> kValues = make_values();

}  // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < group.size() ? static_cast<uint8_t>(group[i]) : 0u);
        for (size_t i = 0; i < 4; ++i)
            text += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63u] : '=';
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    uint32_t bits = 0;
    for (size_t at = 0; at < text.size() - padding; ++at) {
        const uint8_t value = kValues[static_cast<uint8_t>(text[at])];
        if (value == kNoDigit) return std::nullopt;
        bits = bits << 6 | value;
        if (at % 4 != 0) bytes += static_cast<char>(bits >> (6 - 2 * (at % 4)) & 0xFFu);
    }
    // The bits behind the last byte are zero, or two texts would mean the same bytes.
    const uint32_t stray = padding == 2 ? bits & 0xFu : padding == 1 ? bits & 0x3u : 0u;
    if (stray != 0) return std::nullopt;
    return bytes;
}

}  // namespace runnel
