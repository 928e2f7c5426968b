// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/outcome.h"
#include "storage/write_batch.h"

namespace runnel::storage {

// Walks over a range of keys as it was when the scan began, whatever is written meanwhile. Used by one thread. It keeps
// what it sees from being given back, so it should not live long, and it must not outlive its store.
class Cursor {
public:
    virtual ~Cursor() = default;
    // False at the end, and after a failure: outcome() tells which.
    virtual bool valid() const = 0;
    // The views end with next().
    virtual std::string_view key() const = 0;
    virtual std::string_view value() const = 0;
    virtual void next() = 0;
    virtual Outcome outcome() const = 0;
};

// Byte strings under byte strings, ordered by their unsigned bytes. Every member may be called by any thread; all but
// size_bytes() and is_over_budget() may wait for the disk.
class Store {
public:
    virtual ~Store() = default;

    // All of the batch becomes visible and as durable as asked, or nothing becomes visible. After a failure the same
    // batch may be applied again; if the process or the machine dies before that, all or nothing of it may be found.
    // Synced takes along everything that was Written before. Memory is no part of that: it becomes durable by flush()
    // only.
    virtual Outcome apply(const WriteBatch& batch, Durability durability) = 0;
    // What was Written so far survives a loss of power.
    virtual Outcome sync() = 0;

    virtual Outcome get(std::string_view key, std::string& value, bool& found) = 0;
    // Keys in [begin, end), the last one first if `reverse`. An empty `end` means no end.
    virtual std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, bool reverse = false) = 0;

    // A copy of the whole store as it is now, in a directory that must not exist yet. Writes go on meanwhile.
    virtual Outcome checkpoint(const std::string& directory) = 0;
    // Everything applied, also with Durability::Memory, is on disk.
    virtual Outcome flush() = 0;
    // Gives back the space of what was erased or replaced in [begin, end). An empty `end` means no end. May take long.
    virtual Outcome compact_range(std::string_view begin, std::string_view end) = 0;
    // Begins to give back the space of what was erased, where it is worth it, and does not wait for it. To be called
    // every few seconds, by one thread; each call does one step.
    virtual void give_back_space() = 0;

    // Bytes on disk with the write-ahead log, at most a second or a MiB old.
    virtual uint64_t size_bytes() const = 0;
    // More is on disk than the budget of the options. Apply goes on, for what was promised has to be kept and an erase
    // needs a write too; whoever lets new things in asks this first.
    virtual bool is_over_budget() const = 0;
    // For people; several lines.
    virtual std::string statistics() = 0;
};

}  // namespace runnel::storage
