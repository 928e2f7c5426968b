// SPDX-License-Identifier: Apache-2.0
// What lies under the keys. Every record begins with the version of its format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/history.h"
#include "broker/mqtt/application_message.h"

namespace runnel::history {

constexpr uint8_t kRecordVersion = 1;

void encode(const mqtt::ApplicationMessage::Fields& message, std::string& out);
// Nothing if the bytes are no such record of a version that is known.
std::optional<api::HistoryMessage> decode_message(api::HistoryId id, std::string_view record);
// Its topic alone.
std::optional<std::string_view> topic_of(std::string_view record);

// A part of a bucket: what one writer has seen of it. Parts are added up when they are read.
struct BucketPart {
    uint64_t count = 0;
    double min = 0;
    double max = 0;
    double sum = 0;
    double last = 0;
    api::HistoryId last_id;

    void add(double value, api::HistoryId id);
    void add(const BucketPart& other);
};

void encode(const BucketPart& part, std::string& out);
std::optional<BucketPart> decode_bucket(std::string_view record);

// How far the keeper of a rule is.
struct KeeperMark {
    int64_t keep_ms = 0;
    int64_t keep_buckets_ms = 0;
    uint64_t max_bytes = 0;
    bool counts = false;        // The rest holds: messages from the first up to this one have these bytes.
    api::HistoryId counted_to;  // Exclusive.
    uint64_t bytes = 0;
};

void encode(const KeeperMark& mark, std::string& out);
std::optional<KeeperMark> decode_mark(std::string_view record);

}  // namespace runnel::history
