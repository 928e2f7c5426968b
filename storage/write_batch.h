// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace runnel::storage {

// What an applied batch survives.
enum class Durability : uint8_t {
    Memory,   // An orderly stop.
    Written,  // A crash of the process too.
    Synced,   // A loss of power too.
};

// Changes that become durable together or not at all, in the order in which they were made. One flat run of bytes: a
// change costs its own bytes and nine more, and no allocation once the batch has been as large before.
//
// A change is: its kind (1 byte), the lengths of two byte strings (4 bytes each, native order: a batch never leaves the
// memory of the program), the strings.
class WriteBatch {
public:
    void put(std::string_view key, std::string_view value) { add(Kind::Put, key, value); }
    void erase(std::string_view key) { add(Kind::Erase, key, {}); }
    // Erases the keys in [begin, end). Costs the same however many there are. An empty range changes nothing.
    void erase_range(std::string_view begin, std::string_view end) {
        if (begin < end) add(Kind::EraseRange, begin, end);
    }

    // All changes of the other batch, after the ones of this one.
    void append(const WriteBatch& other) {
        bytes_ += other.bytes_;
        count_ += other.count_;
    }

    // Calls visitor.put(key, value), visitor.erase(key) and visitor.erase_range(begin, end) in order. The views end
    // with the next change of the batch.
    template <class Visitor>
    void for_each(Visitor&& visitor) const {
        const char* at = bytes_.data();
        const char* const end = at + bytes_.size();
        while (at != end) {
            Head head;
            std::memcpy(&head.kind, at, 1);
            std::memcpy(&head.first_size, at + 1, 4);
            std::memcpy(&head.second_size, at + 5, 4);
            const std::string_view first(at + kHeadSize, head.first_size);
            const std::string_view second(at + kHeadSize + head.first_size, head.second_size);
            switch (head.kind) {
                case Kind::Put: visitor.put(first, second); break;
                case Kind::Erase: visitor.erase(first); break;
                case Kind::EraseRange: visitor.erase_range(first, second); break;
            }
            at = second.data() + second.size();
        }
    }

    bool empty() const { return count_ == 0; }
    // Changes.
    size_t count() const { return count_; }
    size_t size_bytes() const { return bytes_.size(); }
    size_t capacity_bytes() const { return bytes_.capacity(); }
    // Keeps the memory for the next changes.
    void clear() {
        bytes_.clear();
        count_ = 0;
    }

private:
    enum class Kind : uint8_t { Put = 1, Erase, EraseRange };
    struct Head {
        Kind kind;
        uint32_t first_size;
        uint32_t second_size;
    };
    static constexpr size_t kHeadSize = 9;

    void add(Kind kind, std::string_view first, std::string_view second) {
        char head[kHeadSize];
        const auto first_size = static_cast<uint32_t>(first.size());
        const auto second_size = static_cast<uint32_t>(second.size());
        std::memcpy(head, &kind, 1);
        std::memcpy(head + 1, &first_size, 4);
        std::memcpy(head + 5, &second_size, 4);
        bytes_.append(head, kHeadSize).append(first).append(second);
        ++count_;
    }

    std::string bytes_;
    size_t count_ = 0;
};

}  // namespace runnel::storage
