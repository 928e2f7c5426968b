// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/api/history.h"
#include "broker/base/hash.h"
#include "broker/history/keys.h"
#include "broker/history/record.h"
#include "broker/history/rule.h"
#include "broker/mqtt/application_message.h"
#include "broker/session/stored_session.h"
#include "storage/write_batch.h"

namespace runnel::history {

// Names whoever gives numbers to messages: one shard of one run of the broker. Never the same again, so a number of one
// writer is never that of another, and among the numbers of one writer the order is that in which it saw the messages.
using WriterNumber = uint32_t;
constexpr uint32_t kWritersPerRun = 64;
constexpr WriterNumber writer_number(uint32_t run, uint32_t shard) {
    return run * kWritersPerRun + shard;
}
constexpr WriterNumber writer_of(api::HistoryId id) {
    return static_cast<WriterNumber>(id.number);
}

// Writes one shard's part of history: each message at once, the buckets that changed when the turn ends.
class Recorder {
public:
    // The rules must outlive it.
    Recorder(std::span<const Rule> rules, WriterNumber writer, session::WallClock clock, uint64_t hash_seed)
        : rules_(rules), writer_(writer), clock_(clock), series_(16, Hash{hash_seed}) {}

    // The rule that keeps messages of this topic, if any. Never of topics that begin with $.
    const Rule* rule_for(std::string_view topic) const;
    // The id that the message has from now on.
    api::HistoryId record(const Rule& rule, const mqtt::ApplicationMessage::Fields& message, Time now,
                          storage::WriteBatch& batch);
    void end_turn(storage::WriteBatch& batch);
    // Forgets topics that have been silent for long.
    void keep_house(Time now);

    api::HistoryId last() const { return last_; }
    WriterNumber writer() const { return writer_; }
    size_t series_count() const { return series_.size(); }

private:
    struct OpenBucket {
        int64_t start_ms = -1;
        api::HistoryId first;
        BucketPart part;
    };
    // The numbers of one topic.
    struct Series {
        std::string_view topic;
        const Rule* rule = nullptr;
        bool is_listed = false;
        std::array<OpenBucket, kResolutionCount> buckets;
    };
    struct Hash {
        using is_transparent = void;
        uint64_t seed;
        size_t operator()(std::string_view text) const { return hash_bytes(text, seed); }
    };

    // Topics whose open buckets are kept in memory. Others begin a new part of theirs when they come again.
    static constexpr size_t kSeriesMax = 100'000;

    api::HistoryId next_id(Time now);
    void count(const Rule& rule, std::string_view topic, double value, api::HistoryId id, storage::WriteBatch& batch);
    void write(const Series& series, const OpenBucket& bucket, size_t resolution, storage::WriteBatch& batch);

    std::span<const Rule> rules_;
    WriterNumber writer_;
    session::WallClock clock_;
    api::HistoryId last_;
    uint32_t counter_ = 0;
    std::unordered_map<std::string, Series, Hash, std::equal_to<>> series_;
    std::vector<Series*> changed_;
    std::string record_;  // Scratch.
};

}  // namespace runnel::history
