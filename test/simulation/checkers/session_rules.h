// SPDX-License-Identifier: Apache-2.0
// Promises about what a Session remembers from one connection to the next.
#pragma once

#include <map>
#include <set>
#include <string>

#include "test/simulation/checker.h"

namespace runnel::simulation {

// No two messages in flight have one Packet Identifier; what is sent again has its old one and DUP, goes in its old
// order and once on a connection, and never after its PUBREL [MQTT-2.2.1-4] [MQTT-3.3.1-1] [MQTT-4.4.0-1]
// [MQTT-4.6.0-1].
class PacketIdentifiersAreKept : public Checker {
public:
    explicit PacketIdentifiersAreKept(Evidence& evidence)
        : Checker("a Packet Identifier in flight is not used for anything else", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket& packet) override;
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;

private:
    struct InFlight {
        uint64_t number = 0;  // Of the message.
        mqtt::QoS qos{};
        uint64_t order = 0;     // Of its first sending.
        uint32_t link = 0;      // Where it was sent last.
        bool released = false;  // Its PUBREL was sent.
        bool finished = false;  // Its acknowledgement has reached the shard, handled or not.
    };
    void publish_sent(Tapped& tapped, const mqtt::Publish& publish);
    void sent_again(Tapped& tapped, const mqtt::Publish& publish, InFlight& in_flight);

    std::map<uint64_t, std::map<mqtt::PacketIdentifier, InFlight>> in_flight_;  // By incarnation.
    std::map<uint32_t, uint64_t> last_resent_;                                  // By link.
    uint64_t order_ = 0;
};

// Sections 3.1.2.5 and 3.1.3.2.2. Steady observers on every shard, whose Client Identifiers begin with kObserverName,
// see all Wills.
class WillsAreExact : public Checker {
public:
    static constexpr std::string_view kObserverName = "observer";

    explicit WillsAreExact(Evidence& evidence)
        : Checker("a Will is sent when it must, once, and never early", evidence) {}
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;
    void connection_ended(Tapped& tapped, Ended how) override;
    void finished() override;

private:
    enum class Fate { Forbidden, Due, Free };
    struct Will {
        Fate fate = Fate::Forbidden;
        Time due;
        std::map<std::string, uint32_t> seen;  // How often, by observer.
    };
    void accepted(const Tapped& tapped);
    void seen(const Tapped& observer, uint64_t number);

    std::map<uint64_t, Will> wills_;           // By the number of the message.
    std::map<std::string, uint64_t> waiting_;  // Wills whose delay is running, by client.
    std::set<std::string> observers_;
    Time observers_left_at_ = Time::never();
};

}  // namespace runnel::simulation
