// SPDX-License-Identifier: Apache-2.0
// Promises about messages on their way from publisher to subscriber.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "test/simulation/checker.h"

namespace runnel::simulation {

// Whoever was subscribed before a QoS 1 or 2 message was sent, and its Session still lives, has it at the end.
class AcknowledgedReachSubscribers : public Checker {
public:
    explicit AcknowledgedReachSubscribers(Evidence& evidence)
        : Checker("acknowledged publishes reach every confirmed subscription", evidence) {}
    void settled() override;

private:
    bool is_owed(const SubscriberSession& session, const PublishedMessage& message);
};

// QoS 0 and 2 come once; QoS 1 as often as it was published; and only what a subscription asked for comes at all: not
// the client's own if all said No Local, and with no higher QoS.
class NothingComesTwice : public Checker {
public:
    explicit NothingComesTwice(Evidence& evidence) : Checker("no message comes more often than it may", evidence) {}
    void message_arrived(const Arrival& arrival) override;

private:
    void check_options(const Arrival& arrival) const;
};

// Per publisher and QoS: what comes for the first time comes in the order in which it was sent. The specification wants
// it for each topic [MQTT-4.6.0-5] [MQTT-4.6.0-6]; the broker keeps it for all topics together.
class OrderIsKept : public Checker {
public:
    explicit OrderIsKept(Evidence& evidence)
        : Checker("messages of one publisher and QoS keep their order", evidence) {}
    void message_arrived(const Arrival& arrival) override;

private:
    using Stream = std::tuple<uint64_t, std::string, mqtt::QoS>;  // Incarnation, publisher, QoS.
    std::map<Stream, uint64_t> last_;                             // Sequence number.
};

// Every member of a group gets its share: together they have each message, at QoS 2 exactly once.
class SharedOnce : public Checker {
public:
    explicit SharedOnce(Evidence& evidence) : Checker("a shared message goes to one member", evidence) {}
    void settled() override;

private:
    // What is known of the members of one group.
    struct Group {
        std::string share_name;
        std::string filter;
        struct Member {
            const SubscriberSession* session;
            const SubscriptionRecord* subscription;
        };
        std::vector<Member> members;
    };
    std::map<std::pair<std::string, std::string>, Group> groups() const;
    bool is_owed(const Group& group, const PublishedMessage& message) const;
    void check(const PublishedMessage& message, const std::vector<const Group*>& matching);
};

// A message whose time is over is not sent; what remains of its time is told [MQTT-3.3.2-5] [MQTT-3.3.2-6].
class ExpiredStayAway : public Checker {
public:
    explicit ExpiredStayAway(Evidence& evidence)
        : Checker("Message Expiry Interval counts down and is kept", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket& packet) override;
    void packet_handled(Tapped& tapped, const test::AnyPacket& packet) override { packet_received(tapped, packet); }
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;

private:
    struct Known {
        Time first;
        Time last;
    };
    // When a PUBLISH first came in, and when it was last handled: its time begins then. By number.
    std::map<uint64_t, Known> received_;
};

}  // namespace runnel::simulation
