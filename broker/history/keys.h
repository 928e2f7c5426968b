// SPDX-License-Identifier: Apache-2.0
// Where history lies in the store. Every key begins with a letter of its own (the others are in session/stored_keys.h)
// and with the filter of the rule that keeps it, so that what has run out of time goes with one range. Numbers are
// big-endian: the order of the keys is theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/history.h"

namespace runnel::history {

enum class KeyKind : char {
    Message = 'h',  // By rule and HistoryId.
    Topic = 'i',    // By rule, day, Topic Name and HistoryId: which messages a topic has.
    Bucket = 'd',   // By rule, resolution, start, Topic Name and a number of its own.
    Rule = 'k',     // By rule: how far the keeper is.
    Run = 'n',      // One record: how often the broker has started.
};

// The index by topic is cut into days, for expiry.
constexpr int64_t kDayMs = 86'400'000;

// How long the buckets are that are stored; others are put together from them.
constexpr int64_t kResolutions[] = {10'000, 60'000, 3'600'000};
constexpr size_t kResolutionCount = 3;

// In front of all keys of a rule.
std::string prefix_of(KeyKind kind, std::string_view rule);
// Behind all keys that begin with this, which is not empty and does not end with 0xFF.
std::string end_of_prefix(std::string prefix);

std::string message_key(std::string_view rule, api::HistoryId id);
std::string topic_key(std::string_view rule, std::string_view topic, api::HistoryId id);
// In front of what a topic has in the day of this time.
std::string topic_day_prefix(std::string_view rule, int64_t time_ms, std::string_view topic);
// In front of all of a rule's days from this time's day on.
std::string day_key(std::string_view rule, int64_t time_ms);
// In front of all buckets from this start on.
std::string bucket_start_key(std::string_view rule, size_t resolution, int64_t start_ms);
std::string bucket_key(std::string_view rule, size_t resolution, int64_t start_ms, std::string_view topic,
                       api::HistoryId first);

// What a key says behind the prefix of its rule. Nothing if it is no such key.
std::optional<api::HistoryId> id_at_end(std::string_view key);
struct BucketName {
    int64_t start_ms = 0;
    std::string_view topic;
};
std::optional<BucketName> bucket_name(std::string_view key, std::string_view rule);
// The rule in the key.
std::string_view rule_in(std::string_view key);

}  // namespace runnel::history
