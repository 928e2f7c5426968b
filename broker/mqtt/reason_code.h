// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "broker/mqtt/types.h"

namespace runnel::mqtt {

// Section 2.4 of MQTT 5.0. Several names share a value: 0x00 is Success, Normal disconnection and Granted QoS 0.
enum class ReasonCode : uint8_t {
    Success = 0x00,
    GrantedQoS1 = 0x01,
    GrantedQoS2 = 0x02,
    DisconnectWithWill = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    ReAuthenticate = 0x19,
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QoSNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2,
};

constexpr bool is_error(ReasonCode code) {
    return static_cast<uint8_t>(code) >= 0x80;
}

// "Malformed Packet", "Not authorized", ... as section 2.4 prints it.
const char* name_of(ReasonCode code);

// Whether the specification lists this code for this packet, whoever sends it.
bool is_listed(PacketType type, ReasonCode code);
// The same for what a client may send: DISCONNECT and AUTH have codes for servers only.
bool is_listed_for_client(PacketType type, ReasonCode code);

// The Connect Return Code of MQTT 3 that says the same (section 3.2.2.3 of 3.1.1); 0 where none fits: then the
// connection is closed without CONNACK [MQTT-3.2.2-6].
uint8_t connect_return_code_of(ReasonCode code);

}  // namespace runnel::mqtt
