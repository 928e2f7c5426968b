// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::storage {

// Tells a torn end of RocksDB's write-ahead log from damage in the middle of it.
//
// After a loss of power the log may end in anything: the pages of an unsynced write reach the disk in any order.
// RocksDB can take this for damage and refuse the whole store (kTolerateCorruptedTailRecords), or stop at the first bad
// record, whatever lies behind it (kPointInTimeRecovery), which would lose acknowledged writes without a word if a bit
// has rotted further up. So each of our batches says in the log up to which sequence number everything was synced
// before it. A bad record is damage if a later record proves that the bad one had been synced, and a torn end
// otherwise. A synced write that nothing follows cannot be told from one that was never finished; an orderly stop
// leaves none, for it empties the log.

// What a batch carries at its front: "everything through this sequence number is synced".
std::string synced_mark(uint64_t synced_through);
// The largest mark.
inline constexpr size_t kSyncedMarkSize = 12;

// The log cannot be read on from some place, but again behind it.
struct LogGap {
    uint64_t log_number = 0;   // Of the file, or of the one before a file that is missing.
    std::string path;          // Of that file.
    uint64_t offset = 0;       // Of the first bytes that cannot be read.
    bool is_first = false;     // Nothing could be read before, so that `readable_to` is not known.
    uint64_t readable_to = 0;  // Sequence number of the last change in front of the gap.
    uint64_t first_mark = 0;   // Of the first record behind the gap,
    uint64_t last_mark = 0;    // and the highest one of all behind it.
    bool is_followed = false;  // There is a record behind it.

    // Whether something in the gap had been synced; `stored_to`: what is in tables or in front of every gap. If the
    // mark rises behind the gap, a sync has taken the gap along.
    bool lost_synced(uint64_t stored_to) const {
        return is_followed && (last_mark > first_mark || first_mark > (is_first ? stored_to : readable_to));
    }
};

// Reads every *.log file of a store that nobody writes to. In the order of the log.
std::vector<LogGap> find_log_gaps(const std::string& directory);

}  // namespace runnel::storage
