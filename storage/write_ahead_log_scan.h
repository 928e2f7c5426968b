// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/outcome.h"

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
//
// Behind a torn end there may be whole records in the next file, and RocksDB would apply them: zeros at the end of a
// file, or an end that comes early, are no fault in its eyes. What they changed must not be seen without what is
// missing in front of them. So each batch names the change that it follows as well, and what is behind a hole is cut
// off before RocksDB reads the log.

// What a batch carries at its front: "everything through `synced_through` is synced, and the last change in the log is
// `follows`"; both are sequence numbers. Not every change is in the log, so that these are not simply consecutive.
std::string log_mark(uint64_t synced_through, uint64_t follows);
inline constexpr size_t kLogMarkSize = 20;

// The log cannot be read on from some place, but again behind it.
struct LogGap {
    uint64_t log_number = 0;   // Of the file, or of the one before a file that is missing.
    std::string path;          // Of that file.
    uint64_t offset = 0;       // Of the first bytes that cannot be read.
    uint64_t whole_bytes = 0;  // Of that file: the whole records in front of the gap.
    bool is_first = false;     // Nothing could be read before, so that `readable_to` is not known.
    uint64_t readable_to = 0;  // Sequence number of the last change in front of the gap.
    uint64_t first_mark = 0;   // Of the first record behind the gap,
    uint64_t last_mark = 0;    // and the highest one of all behind it.
    bool is_followed = false;  // There is a record behind it,
    bool is_hole = false;      // and that one follows a change which is missing.

    // Whether something in the gap had been synced; `stored_to`: what is in tables or in front of every gap. If the
    // mark rises behind the gap, a sync has taken the gap along.
    bool lost_synced(uint64_t stored_to) const {
        return is_followed && (last_mark > first_mark || first_mark > (is_first ? stored_to : readable_to));
    }
};

// Reads every *.log file of a store that nobody writes to. In the order of the log.
std::vector<LogGap> find_log_gaps(const std::string& directory);

// Ends the log of a store that nobody writes to in front of a gap.
Outcome cut_log(const std::string& directory, const LogGap& gap);

}  // namespace runnel::storage
