// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/idempotency_keys.h"

#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/session/record.h"

namespace runnel::shard {

namespace {

// A text that stays.
std::string_view promise_of(std::string_view text) {
    for (const std::string_view name : {"synced", "written"})
        if (name == text) return name;
    return {};
}

}  // namespace

IdempotencyKeys::Entry* IdempotencyKeys::find(std::string_view name) {
    const auto at = entries_.find(name);
    return at == entries_.end() ? nullptr : &at->second;
}

IdempotencyKeys::Entry& IdempotencyKeys::add(std::string_view name, Entry entry) {
    const auto [at, is_new] = entries_.emplace(std::string(name), std::move(entry));
    RUNNEL_CHECK(is_new);
    by_expiry_.emplace(at->second.expires.ms, at->first);
    return at->second;
}

void IdempotencyKeys::erase(std::string_view name) {
    const auto at = entries_.find(name);
    if (at == entries_.end()) return;
    auto [first, last] = by_expiry_.equal_range(at->second.expires.ms);
    while (first != last && first->second != at->first)
        ++first;
    RUNNEL_CHECK(first != last);
    by_expiry_.erase(first);
    entries_.erase(at);
}

// One that is not settled stays until it is.
std::optional<std::string> IdempotencyKeys::take_outdated(Time now) {
    if (by_expiry_.empty()) return std::nullopt;
    const auto oldest = by_expiry_.begin();
    const auto at = entries_.find(oldest->second);
    const bool is_outdated = oldest->first <= now.ms || entries_.size() >= kCountMax;
    if (!is_outdated || !at->second.is_settled) return std::nullopt;
    std::string name = at->first;
    by_expiry_.erase(oldest);
    entries_.erase(at);
    return name;
}

std::string idempotency_name(const api::LocalClient& client, std::string_view key) {
    std::string name = client.identity.user_name;
    name.push_back('\0');
    return name.append(key);
}

std::string_view placing_part_of(std::string_view idempotency_name) {
    return idempotency_name.substr(0, idempotency_name.find(' ', idempotency_name.find('\0')));
}

uint64_t fingerprint_of(const api::LocalPublish& publish) {
    const uint64_t flags = static_cast<uint64_t>(publish.qos) | (publish.retain ? 4u : 0u) |
                           (publish.message_expiry_interval ? 8u : 0u) |
                           uint64_t{publish.message_expiry_interval.value_or(0)} << 8;
    uint64_t hash = hash_bytes(publish.topic, flags);
    hash = hash_bytes(publish.encoded_properties, hash);
    return hash_bytes(publish.payload, hash);
}

void encode(const IdempotencyKeys::Entry& entry, session::WallClock clock, std::string& out) {
    session::RecordWriter writer(out);
    writer.byte(session::kRecordVersion);
    writer.number(entry.fingerprint);
    writer.number(static_cast<uint64_t>(clock.wall_ms(entry.expires)));
    writer.byte(static_cast<uint8_t>(entry.answer.reason));
    writer.number(entry.answer.matched);
    writer.text(entry.answer.durability);
}

std::optional<IdempotencyKeys::Entry> decode_idempotency_entry(std::string_view record, session::WallClock clock) {
    session::RecordReader reader(record);
    if (reader.byte() != session::kRecordVersion) return std::nullopt;
    IdempotencyKeys::Entry entry;
    entry.fingerprint = reader.number();
    entry.expires = clock.time(static_cast<int64_t>(reader.number()));
    entry.answer.reason = static_cast<mqtt::ReasonCode>(reader.byte());
    entry.answer.matched = reader.number();
    entry.answer.durability = promise_of(reader.text());
    if (reader.failed()) return std::nullopt;
    entry.is_settled = true;
    return entry;
}

}  // namespace runnel::shard
