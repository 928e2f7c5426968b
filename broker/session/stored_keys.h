// SPDX-License-Identifier: Apache-2.0
// Where the records of Sessions and Retained Messages lie in the store. Keys name clients and topics, never shards, so
// that the number of event loops may change between two starts. U+0000 is in no MQTT string, so it ends one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runnel::session {

// One letter per kind; a range of keys is all of one kind. History has the letters d, h, i, k and n (history/keys.h).
enum class StoredKind : char {
    Format = 'f',         // One record: the version of everything.
    Session = 's',        // By Client Identifier.
    Subscription = 'u',   // By Client Identifier and Topic Filter.
    Window = 'w',         // By Client Identifier: Packet Identifiers in use, and where the queue begins.
    Deliveries = 'q',     // By Client Identifier and the number of the first: what came in one turn.
    EndedQueue = 'e',     // By Client Identifier and the number of the first: deliveries of a Session that has ended.
    Retained = 'r',       // By Topic Name.
    PublishedOnce = 'y',  // By user name and idempotency key: what clients of bridges have published.
    // Of one run of the broker, which ends when the next one has read them; these name shards:
    Run = 'b',        // One record: how many shards there were, and the seed of their placement.
    Watermark = 'm',  // By receiver and sender: up to which turn of the sender everything is in the store.
    Outbox = 'o',     // By sender and turn: QoS 2 messages until every shard that has to store them has done so.
};

inline std::string stored_key(StoredKind kind, std::string_view name) {
    std::string key(1, static_cast<char>(kind));
    key.append(name);
    return key;
}

inline std::string stored_key(StoredKind kind, std::string_view client_identifier, std::string_view rest) {
    std::string key = stored_key(kind, client_identifier);
    key.push_back('\0');
    key.append(rest);
    return key;
}

// In the order of the numbers.
inline std::string numbered_key(StoredKind kind, std::string_view client_identifier, uint64_t number) {
    std::string key = stored_key(kind, client_identifier, std::string_view{});
    for (int shift = 56; shift >= 0; shift -= 8)
        key.push_back(static_cast<char>(number >> shift));
    return key;
}

inline std::string deliveries_key(std::string_view client_identifier, uint64_t number) {
    return numbered_key(StoredKind::Deliveries, client_identifier, number);
}

// The number at the end of such a key.
inline uint64_t number_of(std::string_view numbered_key) {
    uint64_t number = 0;
    for (const char byte : numbered_key.substr(numbered_key.size() - sizeof number))
        number = number << 8 | static_cast<uint8_t>(byte);
    return number;
}

// The key behind every key that begins with the letter of this kind.
inline std::string end_of(StoredKind kind) {
    return std::string(1, static_cast<char>(static_cast<char>(kind) + 1));
}

}  // namespace runnel::session
