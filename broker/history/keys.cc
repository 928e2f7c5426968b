// SPDX-License-Identifier: Apache-2.0
#include "broker/history/keys.h"

#include <algorithm>

namespace runnel::history {
namespace {

constexpr size_t kIdSize = 16;

template <class Number>
void append_number(std::string& key, Number number) {
    for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8)
        key.push_back(static_cast<char>(number >> shift));
}

uint64_t read_number(std::string_view bytes) {
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; ++i)
        number = number << 8 | static_cast<uint8_t>(bytes[i]);
    return number;
}

uint64_t not_negative(int64_t time_ms) {
    return static_cast<uint64_t>(std::max<int64_t>(time_ms, 0));
}

void append_id(std::string& key, api::HistoryId id) {
    append_number(key, not_negative(id.time_ms));
    append_number(key, id.number);
}

}  // namespace

std::string prefix_of(KeyKind kind, std::string_view rule) {
    std::string key(1, static_cast<char>(kind));
    key.append(rule).push_back('\0');
    return key;
}

std::string end_of_prefix(std::string prefix) {
    prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
    return prefix;
}

std::string message_key(std::string_view rule, api::HistoryId id) {
    std::string key = prefix_of(KeyKind::Message, rule);
    append_id(key, id);
    return key;
}

std::string day_key(std::string_view rule, int64_t time_ms) {
    std::string key = prefix_of(KeyKind::Topic, rule);
    append_number(key, static_cast<uint32_t>(std::min<uint64_t>(not_negative(time_ms) / kDayMs, UINT32_MAX)));
    return key;
}

std::string topic_day_prefix(std::string_view rule, int64_t time_ms, std::string_view topic) {
    std::string key = day_key(rule, time_ms);
    key.append(topic).push_back('\0');
    return key;
}

std::string topic_key(std::string_view rule, std::string_view topic, api::HistoryId id) {
    std::string key = topic_day_prefix(rule, id.time_ms, topic);
    append_id(key, id);
    return key;
}

std::string bucket_start_key(std::string_view rule, size_t resolution, int64_t start_ms) {
    std::string key = prefix_of(KeyKind::Bucket, rule);
    key.push_back(static_cast<char>(resolution));
    append_number(key, not_negative(start_ms));
    return key;
}

std::string bucket_key(std::string_view rule, size_t resolution, int64_t start_ms, std::string_view topic,
                       api::HistoryId first) {
    std::string key = bucket_start_key(rule, resolution, start_ms);
    key.append(topic).push_back('\0');
    append_id(key, first);
    return key;
}

std::optional<api::HistoryId> id_at_end(std::string_view key) {
    if (key.size() < kIdSize) return std::nullopt;
    key.remove_prefix(key.size() - kIdSize);
    return api::HistoryId{static_cast<int64_t>(read_number(key)), read_number(key.substr(8))};
}

std::optional<BucketName> bucket_name(std::string_view key, std::string_view rule) {
    const size_t front = 1 + rule.size() + 1 + 1;
    if (key.size() < front + 8 + 1 + kIdSize) return std::nullopt;
    const auto start_ms = static_cast<int64_t>(read_number(key.substr(front)));
    return BucketName{start_ms, key.substr(front + 8, key.size() - front - 8 - 1 - kIdSize)};
}

std::string_view rule_in(std::string_view key) {
    key.remove_prefix(1);
    return key.substr(0, key.find('\0'));
}

}  // namespace runnel::history
