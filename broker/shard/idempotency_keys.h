// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/api/local_broker.h"
#include "broker/session/stored_session.h"
#include "broker/shard/receipts.h"

namespace runnel::shard {

// What the clients of bridges have published under a key, so that whoever missed the answer may ask again and nothing
// is published twice. By name: the user and the key. The oldest are forgotten when there are too many.
class IdempotencyKeys {
public:
    static constexpr size_t kCountMax = 100'000;
    static constexpr Duration kRememberedFor = Duration::seconds(24 * 60 * 60);

    // Who waits for the answer.
    struct Asker {
        PeerIndex peer = 0;
        LocalPublishNumber publish = 0;
    };
    struct Entry {
        uint64_t fingerprint = 0;  // Of the message.
        Time expires{};
        bool is_settled = false;     // The answer is there, and what it promises is stored.
        api::LocalPublished answer;  // What is known of it until then.
        std::vector<Asker> askers;   // Until then.
    };

    Entry* find(std::string_view name);
    // Not one that is there.
    Entry& add(std::string_view name, Entry entry);
    void erase(std::string_view name);
    size_t size() const { return entries_.size(); }
    // Takes out one that has expired, or the oldest if there is no room for another; returns its name.
    std::optional<std::string> take_outdated(Time now);

private:
    std::map<std::string, Entry, std::less<>> entries_;
    std::multimap<int64_t, std::string_view> by_expiry_;  // Names of entries_.
};

// User names have no U+0000.
// Several messages under one key of a client have a blank and their place behind it.
std::string idempotency_name(const api::LocalClient& client, std::string_view key);
// What decides which shard owns it: messages of one request stay together, and so in order.
std::string_view placing_part_of(std::string_view idempotency_name);
// The same for messages that are the same.
uint64_t fingerprint_of(const api::LocalPublish& publish);

void encode(const IdempotencyKeys::Entry& entry, session::WallClock clock, std::string& out);
// Settled. Nothing if the bytes are no such record.
std::optional<IdempotencyKeys::Entry> decode_idempotency_entry(std::string_view record, session::WallClock clock);

}  // namespace runnel::shard
