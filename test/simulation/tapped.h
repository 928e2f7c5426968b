// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/base/time.h"
#include "broker/mqtt/packets.h"

namespace runnel::simulation {

// What a CONNECT asked for.
struct ConnectTerms {
    std::string client_identifier;
    std::string user_name;
    bool clean_start = false;
    uint16_t keep_alive = 0;
    uint32_t session_expiry = 0;  // Seconds; of MQTT 3 without Clean Session: the longest there is.
    uint32_t receive_maximum = 65'535;
    uint32_t maximum_packet_size = mqtt::kPacketSizeMax;
    uint32_t topic_alias_maximum = 0;
    bool enhanced_authentication = false;
    bool has_will = false;
    uint64_t will_number = 0;
    uint32_t will_delay = 0;
};

// Of a Session of MQTT 3.1 that may or may not have been there: its CONNACK does not say.
constexpr uint64_t kUnknownIncarnation = 0;

// How a connection ended, as far as the border of the shard shows.
enum class Ended : uint8_t {
    Lost,      // The transport failed or the client closed it.
    ByClient,  // The client's DISCONNECT was carried out.
    ByBroker,  // The broker closed it.
};

// One connection, seen from the border of its shard: what the shard was given and what it has made, in that order. Goes
// from shard to shard with its connection.
struct Tapped {
    uint32_t link = 0;
    mqtt::ProtocolVersion version = mqtt::ProtocolVersion::V311;
    std::string input;   // Of a packet that is not whole yet.
    std::string output;  // The same.
    std::string waits;   // What was received and not handled yet.

    size_t packet_size = 0;  // Of the packet that checkers hear of at the moment.

    bool connect_received = false;
    ConnectTerms terms;

    bool answered = false;  // CONNACK was sent,
    bool accepted = false;  // and it said yes.
    bool session_present = false;
    std::string client_identifier;  // Assigned ones too.
    uint64_t incarnation = 0;       // Names one life of a Session.
    uint32_t session_expiry = 0;    // Seconds, as granted.
    uint16_t keep_alive = 0;        // The broker's, if it has its own.

    Time last_received;
    Time last_handled;
    std::optional<mqtt::ReasonCode> client_said_goodbye;  // Its DISCONNECT was handled,
    std::optional<uint32_t> goodbye_expiry;               // and said this.
    bool broker_said_goodbye = false;
    bool lost = false;
    bool ended = false;
};

}  // namespace runnel::simulation
