// SPDX-License-Identifier: Apache-2.0
// Inside mqtt only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runnel::mqtt {

// Takes values off the front of bytes that a stranger sent. Every take says whether the bytes were there; when they
// were not, the value is left as it was.
class Reader {
public:
    explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool empty() const { return at_ == end_; }
    size_t left() const { return static_cast<size_t>(end_ - at_); }
    std::string_view rest() const { return {at_, left()}; }
    const char* position() const { return at_; }

    [[nodiscard]] bool take_byte(uint8_t& value) {
        if (left() < 1) return false;
        value = byte(0);
        at_ += 1;
        return true;
    }
    [[nodiscard]] bool take_two_bytes(uint16_t& value) {
        if (left() < 2) return false;
        value = static_cast<uint16_t>(byte(0) << 8 | byte(1));
        at_ += 2;
        return true;
    }
    [[nodiscard]] bool take_four_bytes(uint32_t& value) {
        if (left() < 4) return false;
        value = static_cast<uint32_t>(byte(0)) << 24 | static_cast<uint32_t>(byte(1) << 16 | byte(2) << 8 | byte(3));
        at_ += 4;
        return true;
    }
    [[nodiscard]] bool take_bytes(size_t size, std::string_view& value) {
        if (left() < size) return false;
        value = {at_, size};
        at_ += size;
        return true;
    }
    // Binary Data, or a UTF-8 Encoded String that is not looked at: a length of two bytes, and as many bytes.
    [[nodiscard]] bool take_block(std::string_view& value) {
        if (left() < 2) return false;
        const auto size = static_cast<size_t>(byte(0) << 8 | byte(1));
        if (left() - 2 < size) return false;
        value = {at_ + 2, size};
        at_ += 2 + size;
        return true;
    }
    // Also false for a fifth byte, and for more bytes than the number needs [MQTT-1.5.5-1].
    [[nodiscard]] bool take_variable_byte_integer(uint32_t& value) {
        uint32_t number = 0;
        for (unsigned i = 0; i < 4 && i < left(); ++i) {
            number |= static_cast<uint32_t>(byte(i) & 0x7F) << (7 * i);
            if (byte(i) & 0x80) continue;
            if (byte(i) == 0 && i > 0) return false;
            value = number;
            at_ += i + 1;
            return true;
        }
        return false;
    }

private:
    uint8_t byte(size_t i) const { return static_cast<uint8_t>(at_[i]); }

    const char* at_;
    const char* end_;
};

}  // namespace runnel::mqtt
