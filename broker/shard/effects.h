// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/authenticator.h"
#include "broker/api/client_transport.h"
#include "broker/api/history.h"
#include "broker/api/local_broker.h"
#include "broker/shard/ids.h"
#include "broker/shard/peer_messages.h"
#include "broker/shard/receipts.h"
#include "storage/write_batch.h"

namespace runnel::shard {

// The other end of a connection.
struct PeerAddress {
    std::string text;       // "192.0.2.7:51234", or "unix".
    bool loopback = false;  // On this machine.
    // Who it is, if the transport has shown that: then CONNECT needs no User Name.
    std::optional<api::Identity> identity{};
    api::ClientTransport transport = api::ClientTransport::Mqtt;
};

// Stored deliveries that were asked for by Effects::Read.
struct DeliveriesRead {
    uint64_t session = 0;
    uint64_t generation = 0;
    uint64_t end_number = 0;
    bool failed = false;
    bool has_more = false;  // In the range that was asked for.
    std::vector<std::pair<std::string, std::string>> records;
};

// What a shard asks of the world besides writing, gathered over a turn. The driver writes first, then carries this out
// in the order of the members and calls effects_done().
struct Effects {
    // The connection goes to another shard with everything that was read from it so far. Its id is dead afterwards.
    struct HandOver {
        ConnectionId connection;
        PeerIndex owner = 0;
        PeerAddress address;
        std::string bytes;
    };
    std::vector<HandOver> hand_overs;

    // Send what is there, then close. The id is dead afterwards.
    std::vector<ConnectionId> closes;

    // Ask the authenticator off the loop; the answer is an input.
    struct AskAuthenticator {
        ConnectionId connection;
        api::Credentials credentials;
    };
    std::vector<AskAuthenticator> questions;

    // Stop or go on reading from a connection.
    struct Reading {
        ConnectionId connection;
        bool wanted = true;
    };
    std::vector<Reading> readings;

    // Read on in the history, off the loop; the page is an input, with the number.
    struct ReadHistory {
        ConnectionId connection;
        uint64_t number = 0;
        api::HistoryQuery query;
    };
    std::vector<ReadHistory> history_reads;

    // A publish of a client of a bridge has its answer.
    struct AnswerPublish {
        LocalPublishNumber number = 0;
        api::LocalPublished answer;
    };
    std::vector<AnswerPublish> publish_answers;

    // What was in an inbox.
    struct AnswerInbox {
        InboxNumber number = 0;
        std::vector<mqtt::MessageRef> messages;
    };
    std::vector<AnswerInbox> inbox_answers;

    // Store this, after all that was given before. The answer is an input, with the ticket.
    struct Store {
        storage::WriteBatch batch;
        StoreTicket ticket = 0;
        storage::Durability durability = storage::Durability::Written;  // At least.
    };
    std::optional<Store> store;

    // Read stored deliveries; the answer is an input. What was stored with a ticket that the shard knows of is there.
    struct Read {
        uint64_t session = 0;     // Which Session asks, and
        uint64_t generation = 0;  // its question: for the answer.
        std::string begin;
        std::string end;
        uint64_t end_number = 0;
        size_t limit_bytes = 0;
    };
    std::vector<Read> reads;

    // One list for each peer, by its number. They go after the batch: what a peer does with a message is never stored
    // before what this shard did with it.
    std::vector<PeerMessages> tells;
};

}  // namespace runnel::shard
