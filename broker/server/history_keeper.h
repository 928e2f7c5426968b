// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "broker/history/record.h"
#include "broker/history/rule.h"
#include "storage/store.h"

namespace runnel::server {

// Erases what history need not keep any longer: by age, and above the bytes of a rule the oldest. In small steps, and
// a new start goes on where the last one was. What a rule kept that is no longer configured runs out as it said. Bytes
// are counted by reading what came in, and only where there is a limit; so they follow within seconds, and a limit is
// passed by what comes in meanwhile. Used by one thread; may wait for the disk.
class HistoryKeeper {
public:
    HistoryKeeper(storage::Store& store, const std::vector<history::Rule>& rules);

    // One step for every rule. True if there is more to do at once.
    bool step(int64_t now_ms);
    // Of the last step, and of reading the marks of the last start.
    const storage::Outcome& outcome() const { return outcome_; }

private:
    struct Kept {
        history::Rule rule;
        history::KeeperMark mark;
        api::HistoryId first;           // Nothing is left before it.
        int64_t buckets_erased_to = 0;  // Likewise.
        bool mark_changed = false;
    };
    struct Passed {
        size_t records = 0;
        bool reached_end = false;
    };

    void add_rule(const history::Rule& rule, bool is_configured);
    bool step_messages(Kept& kept, int64_t now_ms, storage::WriteBatch& batch);
    Passed count_new(Kept& kept, api::HistoryId end);
    Passed erase_old(Kept& kept, int64_t cutoff_ms);
    void step_buckets(Kept& kept, int64_t now_ms, storage::WriteBatch& batch) const;

    storage::Store& store_;
    std::vector<Kept> rules_;
    storage::Outcome outcome_;
};

}  // namespace runnel::server
