// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/ring.h"
#include "broker/session/stored_session.h"

namespace runnel::session {

// What the store holds of one Session's deliveries. Each gets a number, in the order they came; those of one turn are
// written together as a segment, which goes when its last delivery is finished. So a turn costs one record however many
// messages it brought.
class StoredQueue {
public:
    struct Segment {
        uint64_t first = 0;
        uint32_t count = 0;
        uint32_t alive = 0;
    };

    // The number of a new delivery, which is written with the present turn.
    uint64_t add(const Delivery& delivery, WallClock clock);
    // The delivery is done with. From the middle of the queue it has to be remembered until all before it are gone.
    void finished(uint64_t number);
    void taken_from_queue(uint64_t number) { taken_.push_back(number); }
    // Puts back what was stored: of the segment that begins at `first`, `alive` are needed.
    void restore(uint64_t first, uint32_t count, uint32_t alive);
    // Numbers from `queue_first` on that are gone. No number below it is given again, even if nothing else is left.
    void restore_taken(uint64_t queue_first, std::vector<uint64_t> taken) {
        next_ = std::max(next_, queue_first);
        taken_ = std::move(taken);
    }

    // The segment of this turn, if anything in it is still needed, and its first number. Ends it.
    struct Written {
        uint64_t first = 0;
        std::string record;
    };
    std::optional<Written> take_open();
    // Numbers that name segments in the store that are needed no longer.
    std::vector<uint64_t> take_emptied() { return std::exchange(emptied_, {}); }
    // Those from `queue_first` on.
    const std::vector<uint64_t>& taken(uint64_t queue_first);
    uint64_t next_number() const { return next_; }
    const Ring<Segment>& segments() const { return segments_; }

    bool is_listed = false;       // Among what the turn has changed.
    bool record_changed = false;  // The record of the Session itself.
    bool window_changed = false;

private:
    Segment* find(uint64_t number);

    Ring<Segment> segments_;  // The last one may be open.
    std::string open_;        // The record of this turn's segment; empty if there is none.
    uint64_t next_ = 1;
    std::vector<uint64_t> taken_;
    std::vector<uint64_t> emptied_;
};

}  // namespace runnel::session
