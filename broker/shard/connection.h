// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/authenticator.h"
#include "broker/base/ring.h"
#include "broker/base/time.h"
#include "broker/mqtt/packets.h"
#include "broker/session/message_queue.h"
#include "broker/shard/effects.h"
#include "broker/shard/output.h"
#include "broker/shard/receipts.h"
#include "broker/shard/replay.h"
#include "broker/shard/timer_wheel.h"
#include "broker/shard/topic_aliases.h"

namespace runnel::shard {

struct SessionSlot;

// An acknowledgement that is held back, in the order in which it must go out [MQTT-4.6.0-2].
struct HeldAcknowledgement {
    mqtt::PacketType type = mqtt::PacketType::Puback;
    mqtt::PacketIdentifier packet_identifier = 0;
    mqtt::ReasonCode reason = mqtt::ReasonCode::Success;
    TurnNumber turn = 0;  // Goes out when this turn is complete.
};

// A CONNACK, SUBACK or UNSUBACK that waits until what it promises is stored. Nothing else is sent or handled meanwhile.
struct HeldPacket {
    std::string packet;
    TurnNumber turn = 0;
    bool is_connack = false;
};

// A SUBSCRIBE that waits until every peer knows the interest, or an UNSUBSCRIBE until the owner of a group knows who
// left.
struct PendingSubscribe {
    std::string packet;  // The whole SUBSCRIBE, read again when it is carried out.
    std::vector<mqtt::ReasonCode> reasons;
    std::string unsuback;  // Not empty for an UNSUBSCRIBE: all that is left to do.
    ReceiptId receipt = 0;
    uint32_t outstanding = 0;
};

// A CONNECT whose client is being authenticated.
struct PendingConnect {
    std::string packet;  // The whole packet, read again when the answer is there.
    std::string client_identifier;
    std::string user_name;
    std::unique_ptr<api::AuthenticationExchange> exchange;
    std::string authentication_data;  // For CONNACK.
};

// One Network Connection and its protocol state. Lives on one shard; ends with the transport. An idle one owns no
// buffer.
struct Connection {
    enum class Stage : uint8_t {
        AwaitingConnect,
        Authenticating,  // The authenticator was asked, or AUTH packets go to and fro: CONNACK is not sent yet.
        Connected,
        Closing,  // Nothing is read or sent any more but what is already in the output.
    };

    ConnectionId id;
    Stage stage = Stage::AwaitingConnect;
    mqtt::ProtocolVersion version = mqtt::ProtocolVersion::V311;
    bool in_use = false;
    bool stalled = false;  // Packets behind the current one wait for an answer.
    bool reading = true;
    bool dirty = false;        // Listed to be written.
    bool socket_full = false;  // The last write did not take everything.
    bool problem_information = true;
    bool checks_delivery = false;

    PeerAddress address;
    SessionSlot* session = nullptr;  // Once connected.
    Time opened_at;
    Time last_packet_at;
    int64_t keep_alive_ms = 0;  // One and a half times Keep Alive; 0 = off.
    TimerWheel::TimerId timer = TimerWheel::kNone;

    uint32_t packet_size_max = mqtt::kPacketSizeMax;  // What the client accepts.
    uint16_t window_max = 65'535;                     // The lower of its Receive Maximum and ours.
    uint32_t in_flight = 0;                           // QoS 1 and 2 sent on this connection and not acknowledged.
    uint32_t unsent = 0;                              // Of those in flight: they wait for the store.
    uint32_t to_resend = 0;                           // In the window, but not sent again on this connection yet.

    std::string input;               // Bytes that were read and not handled: a partial packet, or those behind a stall.
    std::unique_ptr<Output> output;  // Nothing while there is nothing to send.
    session::MessageQueue at_most_once;  // QoS 0 that waits for the socket.
    std::unique_ptr<InboundAliases> inbound_aliases;
    std::unique_ptr<OutboundAliases> outbound_aliases;
    std::unique_ptr<PendingConnect> pending_connect;
    std::unique_ptr<PendingSubscribe> pending_subscribe;
    std::unique_ptr<HeldPacket> held_packet;
    bool names_history = false;        // It wants to know which kept message it is given: see kHistoryId.
    std::unique_ptr<Replays> replays;  // While there are any, live messages wait.
    uint64_t close_turn = 0;           // Closing, but the transport stays until this turn is complete.
    Ring<HeldAcknowledgement> held_acknowledgements;
    std::string authentication_method;  // Of an enhanced authentication.
    std::unique_ptr<api::AuthenticationExchange> reauthentication;

    bool is_connected() const { return stage == Stage::Connected; }
    size_t output_bytes() const { return output ? output->bytes() : 0; }
};

}  // namespace runnel::shard
