// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/reason_code.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace runnel::mqtt;

namespace {

constexpr const char* kUnknown = "Unknown Reason Code";

std::set<unsigned> listed(PacketType type, bool (*is_listed_there)(PacketType, ReasonCode) = is_listed) {
    std::set<unsigned> codes;
    for (unsigned code = 0; code < 256; ++code)
        if (is_listed_there(type, static_cast<ReasonCode>(code))) codes.insert(code);
    return codes;
}

}  // namespace

TEST_CASE("Reason Codes have the names of section 2.4") {
    CHECK(std::string(name_of(ReasonCode::Success)) == "Success");
    CHECK(std::string(name_of(ReasonCode::ReAuthenticate)) == "Re-authenticate");
    CHECK(std::string(name_of(ReasonCode::UnspecifiedError)) == "Unspecified error");
    CHECK(std::string(name_of(ReasonCode::NotAuthorized)) == "Not authorized");
    CHECK(std::string(name_of(ReasonCode::TopicAliasInvalid)) == "Topic Alias invalid");
    CHECK(std::string(name_of(ReasonCode::ConnectionRateExceeded)) == "Connection rate exceeded");
    CHECK(std::string(name_of(ReasonCode::WildcardSubscriptionsNotSupported)) ==
          "Wildcard Subscriptions not supported");
}

TEST_CASE("exactly the Reason Codes that exist have a name, each its own") {
    std::set<std::string> names;
    for (unsigned code = 0; code < 256; ++code)
        if (const std::string name = name_of(static_cast<ReasonCode>(code)); name != kUnknown) names.insert(name);
    CHECK(names.size() == 8 + 35);
}

TEST_CASE("Reason Codes are listed for the packets that may carry them") {
    CHECK(listed(PacketType::Puback) == std::set<unsigned>{0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
    CHECK(listed(PacketType::Pubrec) == listed(PacketType::Puback));
    CHECK(listed(PacketType::Pubrel) == std::set<unsigned>{0x00, 0x92});
    CHECK(listed(PacketType::Pubcomp) == std::set<unsigned>{0x00, 0x92});
    CHECK(listed(PacketType::Suback) ==
          std::set<unsigned>{0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2});
    CHECK(listed(PacketType::Unsuback) == std::set<unsigned>{0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91});
    CHECK(listed(PacketType::Auth) == std::set<unsigned>{0x00, 0x18, 0x19});
    CHECK(listed(PacketType::Connack).size() == 22);
    CHECK(listed(PacketType::Disconnect).size() == 30);
    CHECK(listed(PacketType::Publish).empty());
}

TEST_CASE("some codes are for servers only") {
    CHECK(listed(PacketType::Disconnect, is_listed_for_client) ==
          std::set<unsigned>{0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99});
    CHECK(listed(PacketType::Auth, is_listed_for_client) == std::set<unsigned>{0x18, 0x19});
    CHECK(listed(PacketType::Puback, is_listed_for_client) == listed(PacketType::Puback));
    CHECK(listed(PacketType::Connack, is_listed_for_client).empty());
    CHECK(listed(PacketType::Suback, is_listed_for_client).empty());
}

TEST_CASE("MQTT 3 says the same with five Connect Return Codes, or closes") {
    CHECK(connect_return_code_of(ReasonCode::Success) == 0);
    CHECK(connect_return_code_of(ReasonCode::UnsupportedProtocolVersion) == 1);
    CHECK(connect_return_code_of(ReasonCode::ClientIdentifierNotValid) == 2);
    CHECK(connect_return_code_of(ReasonCode::ServerUnavailable) == 3);
    CHECK(connect_return_code_of(ReasonCode::ServerBusy) == 3);
    CHECK(connect_return_code_of(ReasonCode::BadUserNameOrPassword) == 4);
    CHECK(connect_return_code_of(ReasonCode::NotAuthorized) == 5);
    CHECK(connect_return_code_of(ReasonCode::QoSNotSupported) == 5);
    CHECK(connect_return_code_of(ReasonCode::TopicNameInvalid) == 0);
    CHECK(connect_return_code_of(ReasonCode::MalformedPacket) == 0);
}

TEST_CASE("errors begin at 0x80") {
    CHECK_FALSE(is_error(ReasonCode::NoSubscriptionExisted));
    CHECK(is_error(ReasonCode::UnspecifiedError));
    CHECK(is_error(ReasonCode::WildcardSubscriptionsNotSupported));
}
