// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>

namespace runnel::ctl {

// What was wrong with the messages of all streams.
struct StreamFaults {
    uint64_t missing = 0;  // Skipped so far; goes down again when a message comes late.
    uint64_t duplicates = 0;
    uint64_t reordered = 0;  // Came after a message with a higher number.
};

// Follows the sequence numbers, from 0 up, that one subscriber receives from one publisher.
class StreamCheck {
public:
    // Whether the message is new.
    bool received(uint64_t sequence, StreamFaults& faults) {
        if (sequence == next_) [[likely]] {
            ++next_;
            return true;
        }
        return received_out_of_order(sequence, faults);
    }

    // Counts what was sent but never came behind the last message received. Called once, at the end.
    void finish(uint64_t sent, StreamFaults& faults) const {
        if (sent > next_) faults.missing += sent - next_;
    }

private:
    // Ranges of missing numbers: first to one past the last.
    using Gaps = std::map<uint64_t, uint64_t>;

    bool received_out_of_order(uint64_t sequence, StreamFaults& faults);

    uint64_t next_ = 0;
    std::unique_ptr<Gaps> gaps_;
};

}  // namespace runnel::ctl
