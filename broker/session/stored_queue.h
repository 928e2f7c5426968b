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
// messages it brought. Segments whose deliveries are paged (SessionQueue) are not known here: there are some before
// them, and some behind.
class StoredQueue {
public:
    struct Segment {
        uint64_t first = 0;
        uint32_t count = 0;
        uint32_t alive = 0;
        uint64_t ticket = 0;  // Of the batch that stores it; 0: stored before the broker started.
    };
    static constexpr uint64_t kNotWritten = UINT64_MAX;

    // No delivery gets a number below it.
    void begin_at(uint64_t number) { next_ = std::max(next_, number); }
    // The number of a new delivery, which is written with the present turn.
    uint64_t add(const Delivery& delivery, WallClock clock);
    // The delivery is done with. From the middle of the queue it has to be remembered until all before it are gone.
    void finished(uint64_t number);
    void taken_from_queue(uint64_t number) { taken_.push_back(number); }
    // Puts back what was stored: of the segment that begins at `first`, `alive` are needed.
    void restore(uint64_t first, uint32_t count, uint32_t alive);
    // Numbers from `queue_first` on that are gone. Neither they nor those before it are given again, even if nothing
    // else is left: what had one of them would be taken for gone.
    void restore_taken(uint64_t queue_first, std::vector<uint64_t> taken) {
        begin_at(queue_first);
        for (const uint64_t number : taken)
            begin_at(number + 1);
        taken_ = std::move(taken);
    }

    // The segment of this turn, if anything in it is still needed, and its first number. Ends it.
    struct Written {
        uint64_t first = 0;
        std::string record;
    };
    std::optional<Written> take_open(uint64_t ticket);
    // Numbers that name segments in the store that are needed no longer.
    std::vector<uint64_t> take_emptied() { return std::exchange(emptied_, {}); }

    // ---- For what is paged.
    // The oldest segment that is not known to be before the paged ones; nullptr if there is none.
    const Segment* behind() const { return behind_.empty() ? nullptr : &behind_.front(); }
    void move_before() { before_.push_back(pop_behind()); }
    Segment pop_behind();
    // Read from the store: the next one before those that are still paged.
    void read(uint64_t first, uint32_t count, uint32_t alive);
    void paged_segment_ended(uint64_t first) { emptied_.push_back(first); }
    void restore_paged(uint64_t end) { begin_at(end); }

    // Those from `queue_first` on.
    const std::vector<uint64_t>& taken(uint64_t queue_first);
    uint64_t next_number() const { return next_; }
    size_t segment_count() const { return before_.size() + behind_.size(); }
    template <class Visit>
    void for_each_segment(Visit visit) const {
        for (size_t i = 0; i < before_.size(); ++i)
            visit(before_[i]);
        for (size_t i = 0; i < behind_.size(); ++i)
            visit(behind_[i]);
    }

    bool is_listed = false;       // Among what the turn has changed.
    bool record_changed = false;  // The record of the Session itself.
    bool window_changed = false;
    bool awaits_paging = false;  // Listed to be paged when more is stored.

private:
    void forget_dead(Ring<Segment>& segments);

    Ring<Segment> before_;
    Ring<Segment> behind_;  // The last one may be open.
    std::string open_;      // The deliveries of this turn's segment; empty if there is none.
    std::vector<uint64_t> open_sizes_;
    uint64_t next_ = 1;
    std::vector<uint64_t> taken_;
    std::vector<uint64_t> emptied_;
};

}  // namespace runnel::session
