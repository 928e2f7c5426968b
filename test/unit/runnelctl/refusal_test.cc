// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/refusal.h"

#include <doctest/doctest.h>

using namespace runnel;
using namespace runnel::ctl;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

TEST_CASE("a reason is its name, its number and what the broker says about it") {
    mqtt::Properties properties;
    CHECK(describe(ReasonCode::NotAuthorized, properties) == "Not authorized (0x87)");
    properties.set(mqtt::PropertyId::ReasonString, "no rule for 'a'");
    CHECK(describe(ReasonCode::NotAuthorized, properties) == "Not authorized (0x87): no rule for 'a'");
}

TEST_CASE("an accepted connection is no refusal") {
    CHECK(!refusal_of({}, ProtocolVersion::V5));
    CHECK(!refusal_of({}, ProtocolVersion::V311));
}

TEST_CASE("the exit code is the code of the broker") {
    mqtt::Connack connack;
    connack.reason = ReasonCode::BadUserNameOrPassword;
    const auto refusal = refusal_of(connack, ProtocolVersion::V5);
    REQUIRE(refusal);
    CHECK(refusal->exit_code == 0x86);
    CHECK(refusal->is_final);
    CHECK(refusal->text == "connection refused by the broker: Bad User Name or Password (0x86)");
    connack.return_code = 5;
    CHECK(refusal_of(connack, ProtocolVersion::V311)->exit_code == 5);
    CHECK(refusal_of(connack, ProtocolVersion::V311)->text == "connection refused by the broker: Not authorized (5)");
}

TEST_CASE("a broker of MQTT 3 answers a client of MQTT 5 in its own way") {
    mqtt::Frame frame;
    frame.header = 0x20;
    frame.body = std::string_view("\0\1", 2);
    mqtt::Connack connack;
    CHECK(!decode_any_connack(frame, ProtocolVersion::V5, connack));
    const auto refusal = refusal_of(connack, ProtocolVersion::V5);
    REQUIRE(refusal);
    CHECK(refusal->text == "connection refused by the broker: Unacceptable protocol version (1); try -V 311");
    CHECK(refusal->is_final);
}

TEST_CASE("connecting again is tried where it may help") {
    mqtt::Connack connack;
    connack.reason = ReasonCode::ServerBusy;
    CHECK(!refusal_of(connack, ProtocolVersion::V5)->is_final);
    mqtt::Disconnect disconnect;
    disconnect.reason = ReasonCode::ServerShuttingDown;
    CHECK(!failure_of(disconnect).is_final);
    disconnect.reason = ReasonCode::SessionTakenOver;
    CHECK(failure_of(disconnect).is_final);
    CHECK(failure_of(disconnect).exit_code == 0x8E);
    disconnect.properties.set(mqtt::PropertyId::ServerReference, "other:1883");
    disconnect.reason = ReasonCode::UseAnotherServer;
    CHECK(failure_of(disconnect).text == "the broker closed the connection: Use another server (0x9C); use other:1883");
}
