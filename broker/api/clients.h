// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/client_transport.h"
#include "broker/api/identity.h"
#include "broker/mqtt/types.h"

namespace runnel::api {

struct WillStatus {
    std::string topic;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    uint32_t delay_interval = 0;  // Seconds.
};

// What a client has while it is connected.
struct ConnectionStatus {
    ClientTransport transport = ClientTransport::Mqtt;
    mqtt::ProtocolVersion version = mqtt::ProtocolVersion::V5;
    std::string address;
    int64_t connected_at_ms = 0;  // Of the wall clock, as all times here.
    uint16_t keep_alive = 0;      // Seconds.
    uint16_t receive_maximum = 0;
    uint32_t maximum_packet_size = 0;
};

// A Session, and the connection that it may have.
struct ClientStatus {
    std::string client_identifier;
    Identity identity;
    std::optional<ConnectionStatus> connection;
    int64_t last_seen_ms = 0;  // Of a client that is away: when its connection ended.
    uint32_t session_expiry_interval = 0;
    uint64_t subscriptions = 0;
    uint64_t queued_messages = 0;
    uint64_t queued_bytes = 0;
    uint64_t inflight_messages = 0;
    std::optional<WillStatus> will;
};

// Which clients, by their Client Identifiers, and how many at once.
struct ClientQuery {
    size_t count_max = 100;
    std::string after;   // Those behind this Client Identifier.
    std::string search;  // A part of Client Identifier, user name or address, whatever the case of its letters.
    std::optional<bool> connected;
    std::optional<ClientTransport> transport;  // Of a connection.
};

struct ClientPage {
    std::vector<ClientStatus> clients;
    bool has_more = false;
    uint64_t total = 0;    // All that are wanted, on any page.
    bool is_whole = true;  // Every loop has answered in time.
};

// One client by its Client Identifier.
struct ClientFound {
    std::optional<ClientStatus> client;
    bool is_whole = true;
};
struct ClientEnded {
    bool was_there = false;
    bool is_whole = true;
};

// One subscription; Shared Subscriptions have a share name.
struct SubscriptionStatus {
    std::string client_identifier;
    std::string share_name;
    std::string filter;
    mqtt::SubscriptionOptions options;
    uint32_t subscription_identifier = 0;
};

// In the order of the subscriptions.
struct SubscriptionPlace {
    std::string client_identifier;
    std::string share_name;
    std::string filter;
    friend auto operator<=>(const SubscriptionPlace&, const SubscriptionPlace&) = default;
};

struct SubscriptionQuery {
    size_t count_max = 100;
    std::optional<SubscriptionPlace> after;
    std::optional<std::string> client_identifier;
    std::optional<std::string> filter;  // As it was subscribed, without $share/name/.
};

struct SubscriptionPage {
    std::vector<SubscriptionStatus> subscriptions;
    bool has_more = false;
    bool is_whole = true;
};

}  // namespace runnel::api
