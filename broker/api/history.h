// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/mqtt/types.h"

namespace runnel::api {

// The User Property of SUBSCRIBE that asks for what was kept, and the one that marks each of these messages.
constexpr std::string_view kReplaySince = "replay-since";
constexpr std::string_view kReplayed = "replayed";

// The User Property of SUBSCRIBE, with the value "true", that asks for the name of every kept message that the
// connection is given at QoS 0 from then on, and the one that has it, behind all others: "WRITER:TIME-NUMBER", and
// empty for a message that is not kept. Messages of one writer come in the order of their names.
constexpr std::string_view kHistoryIds = "history-ids";
constexpr std::string_view kHistoryId = "history-id";

// Names a kept message, and orders all of them: by the wall clock, and within a millisecond as they came. The number is
// never 0.
struct HistoryId {
    int64_t time_ms = 0;  // Since 1970.
    uint64_t number = 0;
    friend auto operator<=>(const HistoryId&, const HistoryId&) = default;
};

struct HistoryMessage {
    HistoryId id;
    std::string topic;
    std::string payload;
    std::string forwarded_properties;  // Encoded, as in LocalPublish.
    std::string publisher;             // Client Identifier; empty for the broker's own messages.
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    std::optional<uint32_t> message_expiry_interval;  // Seconds, as received.
};

// Which messages, and how many at once. To go on, ask again with `after` as the page before said.
struct HistoryQuery {
    std::vector<std::string> filters;                     // A message is wanted once however many of them match.
    int64_t from_ms = 0;                                  // Inclusive.
    int64_t to_ms = std::numeric_limits<int64_t>::max();  // Exclusive.
    std::optional<HistoryId> after;
    size_t count_max = 1'000;
    size_t bytes_max = size_t{1} << 20;  // One message may pass it.
};

struct HistoryPage {
    std::vector<HistoryMessage> messages;  // Oldest first.
    // Where to go on; nothing at the end. A page may be empty and not the last one: it looked at enough.
    std::optional<HistoryId> next;
    std::string failure;  // Why the store could not be read; empty if it could.
};

// Numbers of one topic in one span of time.
struct HistoryBucket {
    std::string topic;
    int64_t start_ms = 0;
    uint64_t count = 0;
    double min = 0;
    double max = 0;
    double sum = 0;
    double last = 0;
    double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

struct BucketPlace {
    int64_t start_ms = 0;
    std::string topic;
    friend auto operator<=>(const BucketPlace&, const BucketPlace&) = default;
};

struct BucketQuery {
    std::vector<std::string> filters;
    int64_t from_ms = 0;                                  // Of the start of a bucket; inclusive.
    int64_t to_ms = std::numeric_limits<int64_t>::max();  // Exclusive.
    int64_t every_ms = 60'000;                            // A multiple of kBucketMin.
    std::optional<BucketPlace> after;
    size_t count_max = 1'000;

    static constexpr int64_t kBucketMin = 10'000;
};

struct BucketPage {
    std::vector<HistoryBucket> buckets;  // In the order of their start, then of the topic.
    std::optional<BucketPlace> next;     // As in HistoryPage.
    std::string failure;
};

// What was kept of messages. May be asked by any thread but an event loop's own: it waits for the disk, though not for
// long, since every question is bounded. Rights are not looked at: who asks for a client does that.
class History {
public:
    virtual ~History() = default;
    virtual HistoryPage messages(const HistoryQuery& query) const = 0;
    virtual BucketPage buckets(const BucketQuery& query) const = 0;
};

}  // namespace runnel::api
