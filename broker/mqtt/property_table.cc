// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/property_table.h"

namespace runnel::mqtt {

namespace {

constexpr uint16_t kConnect = packet_bit(PacketType::Connect);
constexpr uint16_t kConnack = packet_bit(PacketType::Connack);
constexpr uint16_t kPublish = packet_bit(PacketType::Publish);
constexpr uint16_t kSubscribe = packet_bit(PacketType::Subscribe);
constexpr uint16_t kDisconnect = packet_bit(PacketType::Disconnect);
constexpr uint16_t kAuth = packet_bit(PacketType::Auth);
constexpr uint16_t kWill = packet_bit(kWillProperties);
constexpr uint16_t kMessage = kPublish | kWill;
// Those that answer: they have a Reason Code and so a Reason String.
constexpr uint16_t kAnswers = kConnack | kDisconnect | kAuth | packet_bit(PacketType::Puback) |
                              packet_bit(PacketType::Pubrec) | packet_bit(PacketType::Pubrel) |
                              packet_bit(PacketType::Pubcomp) | packet_bit(PacketType::Suback) |
                              packet_bit(PacketType::Unsuback);
constexpr uint16_t kAll = kAnswers | kConnect | kMessage | kSubscribe | packet_bit(PacketType::Unsubscribe);
constexpr uint16_t kAuthentication = kConnect | kConnack | kAuth;

struct Row {
    PropertyId id;
    PropertyType type;
    PropertyRange range;
    uint16_t packets;
    const char* name;
    PropertyComplaints complaints;
};

// The name and what is said of it: a macro, because constant text cannot be joined otherwise.
#define NAMED(NAME, OUT_OF_RANGE)                                                     \
    NAME, {                                                                           \
        "property " NAME " is not allowed here", "property " NAME " appears twice",   \
            "property " NAME " is not valid UTF-8", "property " NAME " " OUT_OF_RANGE \
    }
#define NOT_BOOLEAN "is neither 0 nor 1"
#define ZERO "is 0"
#define NOT_TOPIC "is empty or holds a wildcard"

using enum PropertyId;
using Type = PropertyType;
using Range = PropertyRange;

// clang-format off
constexpr Row kRows[] = {
    {PayloadFormatIndicator, Type::Byte, Range::Boolean, kMessage, NAMED("Payload Format Indicator", NOT_BOOLEAN)},
    {MessageExpiryInterval, Type::FourByteInteger, Range::Any, kMessage, NAMED("Message Expiry Interval", "")},
    {ContentType, Type::Text, Range::Any, kMessage, NAMED("Content Type", "")},
    {ResponseTopic, Type::Text, Range::TopicName, kMessage, NAMED("Response Topic", NOT_TOPIC)},
    {CorrelationData, Type::BinaryData, Range::Any, kMessage, NAMED("Correlation Data", "")},
    {SubscriptionIdentifier, Type::VariableByteInteger, Range::Nonzero, kPublish | kSubscribe,
     NAMED("Subscription Identifier", ZERO)},
    {SessionExpiryInterval, Type::FourByteInteger, Range::Any, kConnect | kConnack | kDisconnect,
     NAMED("Session Expiry Interval", "")},
    {AssignedClientIdentifier, Type::Text, Range::Any, kConnack, NAMED("Assigned Client Identifier", "")},
    {ServerKeepAlive, Type::TwoByteInteger, Range::Any, kConnack, NAMED("Server Keep Alive", "")},
    {AuthenticationMethod, Type::Text, Range::Any, kAuthentication, NAMED("Authentication Method", "")},
    {AuthenticationData, Type::BinaryData, Range::Any, kAuthentication, NAMED("Authentication Data", "")},
    {RequestProblemInformation, Type::Byte, Range::Boolean, kConnect,
     NAMED("Request Problem Information", NOT_BOOLEAN)},
    {WillDelayInterval, Type::FourByteInteger, Range::Any, kWill, NAMED("Will Delay Interval", "")},
    {RequestResponseInformation, Type::Byte, Range::Boolean, kConnect,
     NAMED("Request Response Information", NOT_BOOLEAN)},
    {ResponseInformation, Type::Text, Range::Any, kConnack, NAMED("Response Information", "")},
    {ServerReference, Type::Text, Range::Any, kConnack | kDisconnect, NAMED("Server Reference", "")},
    {ReasonString, Type::Text, Range::Any, kAnswers, NAMED("Reason String", "")},
    {ReceiveMaximum, Type::TwoByteInteger, Range::Nonzero, kConnect | kConnack, NAMED("Receive Maximum", ZERO)},
    {TopicAliasMaximum, Type::TwoByteInteger, Range::Any, kConnect | kConnack, NAMED("Topic Alias Maximum", "")},
    {TopicAlias, Type::TwoByteInteger, Range::Alias, kPublish, NAMED("Topic Alias", ZERO)},
    {MaximumQoS, Type::Byte, Range::Boolean, kConnack, NAMED("Maximum QoS", NOT_BOOLEAN)},
    {RetainAvailable, Type::Byte, Range::Boolean, kConnack, NAMED("Retain Available", NOT_BOOLEAN)},
    {UserProperty, Type::TextPair, Range::Any, kAll, NAMED("User Property", "")},
    {MaximumPacketSize, Type::FourByteInteger, Range::Nonzero, kConnect | kConnack,
     NAMED("Maximum Packet Size", ZERO)},
    {WildcardSubscriptionAvailable, Type::Byte, Range::Boolean, kConnack,
     NAMED("Wildcard Subscription Available", NOT_BOOLEAN)},
    {SubscriptionIdentifierAvailable, Type::Byte, Range::Boolean, kConnack,
     NAMED("Subscription Identifier Available", NOT_BOOLEAN)},
    {SharedSubscriptionAvailable, Type::Byte, Range::Boolean, kConnack,
     NAMED("Shared Subscription Available", NOT_BOOLEAN)},
};
// clang-format on

constexpr uint16_t packets_repeat_of(PropertyId id) {
    if (id == UserProperty) return kAll;
    return id == SubscriptionIdentifier ? kPublish : 0;
}

constexpr std::array<PropertyRule, kPropertyIdCount> make_rules() {
    std::array<PropertyRule, kPropertyIdCount> rules{};
    for (const Row& row : kRows)
        rules[static_cast<uint8_t>(row.id)] = {row.packets,   packets_repeat_of(row.id), row.type, row.range, row.name,
                                               row.complaints};
    return rules;
}

}  // namespace

constinit const std::array<PropertyRule, kPropertyIdCount> kPropertyRules = make_rules();

}  // namespace runnel::mqtt
