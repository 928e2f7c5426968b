// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runnel::session {

// Writes the parts of a stored record one after another: numbers as varints, texts with their size in front.
class RecordWriter {
public:
    explicit RecordWriter(std::string& out) : out_(out) {}
    void number(uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            out_.push_back(static_cast<char>(value | 0x80));
        out_.push_back(static_cast<char>(value));
    }
    void byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void text(std::string_view value) {
        number(value.size());
        out_.append(value);
    }

private:
    std::string& out_;
};

// Reads them in the same order. What does not fit makes the reader fail: everything after it is empty or 0.
class RecordReader {
public:
    explicit RecordReader(std::string_view bytes) : bytes_(bytes) {}
    uint64_t number() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t next = byte();
            value |= uint64_t{next & 0x7Fu} << shift;
            if (next < 0x80) return value;
        }
        fail();
        return 0;
    }
    uint8_t byte() {
        if (bytes_.empty()) {
            fail();
            return 0;
        }
        const auto value = static_cast<uint8_t>(bytes_.front());
        bytes_.remove_prefix(1);
        return value;
    }
    std::string_view text() {
        const uint64_t size = number();
        if (size > bytes_.size()) {
            fail();
            return {};
        }
        const std::string_view value = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return value;
    }
    bool failed() const { return failed_; }
    std::string_view rest() const { return bytes_; }
    bool at_end() const { return bytes_.empty(); }

private:
    void fail() {
        failed_ = true;
        bytes_ = {};
    }

    std::string_view bytes_;
    bool failed_ = false;
};

}  // namespace runnel::session
