// SPDX-License-Identifier: Apache-2.0
// Promises about one connection.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "test/simulation/checker.h"

namespace runnel::simulation {

// CONNACK comes first and once; nothing follows a refusal, a DISCONNECT of either side or the end.
class NothingOutOfPlace : public Checker {
public:
    explicit NothingOutOfPlace(Evidence& evidence)
        : Checker("nothing is sent before CONNACK or after DISCONNECT", evidence) {}
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;
};

// Whatever asks for an answer gets one, once, and in the order in which it was asked [MQTT-4.6.0-2] to [MQTT-4.6.0-4].
class EverythingIsAnswered : public Checker {
public:
    explicit EverythingIsAnswered(Evidence& evidence) : Checker("everything is answered once and in order", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket& packet) override;
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;
    void connection_ended(Tapped& tapped, Ended) override { open_.erase(tapped.link); }
    void settled() override;

private:
    // What was asked and not answered, by the type of the answer.
    using Asked = std::map<mqtt::PacketType, std::deque<mqtt::PacketIdentifier>>;
    void answered(const Tapped& tapped, mqtt::PacketType type, mqtt::PacketIdentifier identifier);

    std::map<uint32_t, Asked> open_;  // By link.
};

class ReceiveMaximumIsKept : public Checker {
public:
    explicit ReceiveMaximumIsKept(Evidence& evidence) : Checker("Receive Maximum is never exceeded", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket& packet) override;
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;
    void connection_ended(Tapped& tapped, Ended) override { in_flight_.erase(tapped.link); }

private:
    std::map<uint32_t, std::set<mqtt::PacketIdentifier>> in_flight_;  // By link.
};

// A client is cut off when Keep Alive has passed one and a half times: never before, and at most a little later.
class KeepAliveIsExact : public Checker {
public:
    explicit KeepAliveIsExact(Evidence& evidence) : Checker("Keep Alive ends a connection in time", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket&) override { open_[tapped.link] = &tapped; }
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;
    void connection_ended(Tapped& tapped, Ended) override { open_.erase(tapped.link); }
    void turn_ended() override;

private:
    std::map<uint32_t, const Tapped*> open_;  // By link.
};

}  // namespace runnel::simulation
