// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/time.h"
#include "broker/mqtt/types.h"

namespace runnel::simulation {

// A moment, and its place among all that clients did.
struct Moment {
    uint64_t order = 0;  // 0 = has not come.
    Time at;
    bool has_come() const { return order != 0; }
};

// An Application Message with a number of its own, which its payload begins with.
struct PublishedMessage {
    uint64_t number = 0;
    std::string publisher;  // Client Identifier.
    uint64_t sequence = 0;  // Of its publisher.
    std::string topic;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    bool clears = false;   // Empty payload: erases a Retained Message; subscribers cannot tell its number.
    bool refused = false;  // The access rules forbid it.
    bool is_will = false;
    bool has_key = false;            // An idempotency key: however often it is sent, it is one message.
    std::optional<uint32_t> expiry;  // Seconds.
    size_t padding = 0;              // Bytes of the payload behind the number.
    bool has_content_type = false;
    bool told_nobody = false;  // Its acknowledgement said that nobody wants it.

    uint32_t sends = 0;  // Each is a new message for the broker unless QoS 2 says otherwise.
    Moment first_sent;
    Moment acknowledged;  // The client knows that the broker has it.
    Moment abandoned;     // The client's Session was lost before.
    Moment handled;       // The last time it came to the broker and did not wait behind other packets any more.
};

// One subscription of one Session, from SUBSCRIBE until UNSUBSCRIBE or the next SUBSCRIBE with the same filter.
struct SubscriptionRecord {
    std::string filter;      // Without $share/name/.
    std::string share_name;  // Empty for an ordinary one.
    mqtt::SubscriptionOptions options;
    uint32_t identifier = 0;
    mqtt::QoS granted = mqtt::QoS::AtMostOnce;
    Moment asked;
    Moment confirmed;
    Moment ended;
    bool failed = false;
    bool is_shared() const { return !share_name.empty(); }
};

// What one Session, in one life, subscribed to and received.
struct SubscriberSession {
    std::string client_identifier;
    std::string user_name;
    uint64_t incarnation = 0;
    bool alive = true;                                    // As far as its client knows.
    uint32_t maximum_packet_size = mqtt::kPacketSizeMax;  // The smallest it ever announced.
    std::vector<SubscriptionRecord> subscriptions;
    struct Copies {
        uint32_t by_qos[3] = {0, 0, 0};
        uint32_t repeated = 0;  // QoS 1 with DUP.
        uint32_t refused = 0;   // Of those, answered with an error: if that is lost, the same comes again.
        uint32_t total() const { return by_qos[0] + by_qos[1] + by_qos[2] + repeated; }
    };
    std::map<uint64_t, Copies> received;  // By number.
};

// A message that has reached a client.
struct Arrival {
    SubscriberSession& session;
    const PublishedMessage& message;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    bool dup = false;
};

// All that clients published, subscribed to and received: what checkers compare with.
class Ledger {
public:
    Moment now(Time time) { return {++order_, time}; }

    PublishedMessage& add_message() {
        const uint64_t number = messages_.size() + 1;
        PublishedMessage& added = messages_[number];
        added.number = number;
        return added;
    }
    // Nothing if there is no message with this number.
    PublishedMessage* find(uint64_t number) {
        const auto at = messages_.find(number);
        return at == messages_.end() ? nullptr : &at->second;
    }
    SubscriberSession& session(uint64_t incarnation) { return sessions_[incarnation]; }

    // The publishes of a link are handled in the order they are sent, or the last of them never.
    void publish_sent(uint32_t link, uint64_t number) { sent_[link].push_back(number); }
    void publish_handled(uint32_t link, Time time);

    const std::map<uint64_t, PublishedMessage>& messages() const { return messages_; }
    std::map<uint64_t, SubscriberSession>& sessions() { return sessions_; }

private:
    uint64_t order_ = 0;
    std::map<uint64_t, PublishedMessage> messages_;
    std::map<uint64_t, SubscriberSession> sessions_;
    std::map<uint32_t, std::deque<uint64_t>> sent_;  // Numbers, by link: what is not handled yet.
};

// "17:xxxx" for number 17.
std::string payload_of(const PublishedMessage& message);
// 0 if the payload does not begin with a number.
uint64_t number_in(std::string_view payload);

// Whether this subscription was there for the whole way of the message through the broker.
bool covers(const SubscriptionRecord& subscription, const PublishedMessage& message);
// Whether the message may be dropped for this Session by the rules: too large, expiring, its own, not allowed.
bool may_be_dropped(const SubscriberSession& session, const SubscriptionRecord& subscription,
                    const PublishedMessage& message, bool hides_topics);
// Whether the Session ever had a subscription, shared or not, that matches.
bool ever_matched(const SubscriberSession& session, std::string_view topic, bool shared);

}  // namespace runnel::simulation
