// SPDX-License-Identifier: Apache-2.0
// What one shard says to another. All are values; between two shards they arrive in the order they were sent. Nothing
// here depends on a shared clock but RetainedStamp and the times in a message, which all shards of one process share.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/api/history.h"
#include "broker/api/inbox.h"
#include "broker/api/local_broker.h"
#include "broker/api/local_client.h"
#include "broker/mqtt/application_message.h"
#include "broker/routing/peer_interest.h"
#include "broker/routing/retained_messages.h"
#include "broker/routing/shared_subscriptions.h"
#include "broker/session/delivery.h"
#include "broker/shard/ids.h"
#include "broker/shard/receipts.h"

namespace runnel::shard {

// A question's number, unique on the shard that asks. 0 asks for no answer.
using ReceiptId = uint64_t;

// "I have a subscriber for this": answered with Confirmed once every later publish of the receiver will be forwarded.
// Without a key it is only a barrier: it confirms what was announced before it.
struct InterestAnnounced {
    ReceiptId receipt = 0;
    bool has_key = false;
    routing::InterestKey key{};
    bool stores = false;  // A stored Session is behind the key: from now on ask when what was sent for it is safe.
};
struct InterestWithdrawn {
    routing::InterestKey key{};
    bool only_storing = false;  // Subscribers are left, but none of them is stored.
};
struct Confirmed {
    ReceiptId receipt = 0;
    bool interest = false;  // Answers an InterestAnnounced.
};

// Small messages of one turn in one block: see forward_batch.h for the layout.
struct MessagesForwarded {
    std::string batch;
};
// One message for every subscriber of the receiver, and for its Retained Messages if it has the RETAIN flag.
struct MessageForwarded {
    mqtt::MessageRef message;
    routing::RetainedStamp stamp{};  // Only with the RETAIN flag.
};

// "Tell me when all that I sent up to here is stored." The answer says so for every earlier turn too.
struct StoredAsked {
    TurnNumber turn = 0;
    bool is_in_outbox = false;  // The sender keeps some of it; the receiver writes down that it has this turn.
};
struct StoredAnswered {
    TurnNumber turn = 0;
    // The last message that the sender put into the history. What it forwards after this answer came later.
    api::HistoryId history_last{};
};

// "How many of yours does a message to this topic match?"
struct MatchesAsked {
    LocalPublishNumber publish = 0;
    std::string topic;
};
struct MatchesAnswered {
    LocalPublishNumber publish = 0;
    uint64_t count = 0;
};

// The owner of an idempotency key publishes for a client of another shard, or knows that it did.
struct PublishOnceAsked {
    LocalPublishNumber number = 0;
    api::LocalClient client;
    api::LocalPublish publish;
};
struct PublishOnceAnswered {
    LocalPublishNumber number = 0;
    api::LocalPublished answer;
};

// What waits in an inbox of the other shard?
struct InboxAsked {
    InboxNumber number = 0;
    api::Inbox inbox;
};
struct InboxAnswered {
    InboxNumber number = 0;
    std::vector<mqtt::MessageRef> messages;
};
struct InboxGivenBack {
    std::string client_identifier;
};

// A member tells the owner of its group; answered with Confirmed.
struct SharedJoined {
    ReceiptId receipt = 0;
    std::string share_name;
    std::string filter;
    routing::SubscriberId subscriber = 0;
    mqtt::SubscriptionOptions options;
    uint32_t subscription_identifier = 0;
    uint32_t sequence = 0;
    bool stored = false;  // Its Session is.
};
// Answered with Confirmed if it has a receipt: from then on nothing more comes from the group.
struct SharedLeft {
    ReceiptId receipt = 0;
    std::string share_name;
    std::string filter;
    routing::SubscriberId subscriber = 0;
};
struct SharedMemberChanged {
    routing::SubscriberId subscriber = 0;
    bool connected = false;
};
// The owner gives one message to one member.
struct SharedDelivery {
    routing::GroupId group = 0;
    routing::SubscriberId subscriber = 0;
    uint32_t sequence = 0;
    mqtt::MessageRef message;
    bool expects_connected = false;  // What the owner knows of the member.
    bool is_promised = false;        // The owner asks when it is safe: a member of the group is stored.
    // Of the group, if the owner keeps the message in its outbox: then whoever gives it back keeps it too.
    std::string share_name;
    std::string filter;
};
// The member is gone or went away before the message was sent: the owner finds another member.
struct SharedReturned {
    routing::GroupId group = 0;
    routing::SubscriberId subscriber = 0;
    mqtt::MessageRef message;
};
// From the stored queue of a member that has ended.
struct SharedLeftOver {
    std::string share_name;
    std::string filter;
    mqtt::MessageRef message;
};
// A member finished one message.
struct SharedFinished {
    routing::GroupId group = 0;
    routing::SubscriberId subscriber = 0;
};

using PeerMessage =
    std::variant<InterestAnnounced, InterestWithdrawn, Confirmed, MessagesForwarded, MessageForwarded, SharedJoined,
                 SharedLeft, SharedMemberChanged, SharedDelivery, SharedReturned, SharedLeftOver, SharedFinished,
                 StoredAsked, StoredAnswered, MatchesAsked, MatchesAnswered, PublishOnceAsked, PublishOnceAnswered,
                 InboxAsked, InboxAnswered, InboxGivenBack>;
using PeerMessages = std::vector<PeerMessage>;

// Bytes of the Application Messages in it.
inline size_t size_of(const PeerMessages& messages) {
    size_t size = 0;
    for (const PeerMessage& message : messages) {
        if (const auto* batch = std::get_if<MessagesForwarded>(&message)) size += batch->batch.size();
        if (const auto* one = std::get_if<MessageForwarded>(&message)) size += one->message->memory_size();
        if (const auto* one = std::get_if<SharedDelivery>(&message)) size += one->message->memory_size();
        if (const auto* one = std::get_if<PublishOnceAsked>(&message)) size += one->publish.payload.size();
        if (const auto* one = std::get_if<SharedReturned>(&message)) size += one->message->memory_size();
        if (const auto* one = std::get_if<SharedLeftOver>(&message)) size += one->message->memory_size();
    }
    return size;
}

}  // namespace runnel::shard
