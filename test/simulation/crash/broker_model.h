// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/shard/recovery.h"
#include "storage/memory_store.h"
#include "test/simulation/chance.h"
#include "test/simulation/rules.h"

namespace runnel::simulation {

// One end of a connection to the broker: what it has sent and the client has not read yet.
struct Wire {
    shard::PeerIndex shard = 0;
    shard::ConnectionId id;
    std::string to_client;
    bool is_open = true;
};

// What a crash leaves of the disk.
enum class Crash { Process, Power };

// Shards, their store, and everything that is on the way between them; nothing moves unless it is told to. A crash ends
// all of it but the store.
class BrokerModel {
public:
    struct Options {
        uint32_t shards = 1;
        shard::Settings settings;
        // Says yes to acknowledgements before anything is stored: the checkers have to find that.
        bool is_planted_early = false;
    };

    BrokerModel(Options options, Chance& chance, LogSink& log);

    Wire* connect();
    void send(Wire& wire, std::string_view bytes);
    void cut(Wire& wire);

    // One of the things that are on the way arrives. False if there are none.
    bool deliver_mail();
    bool commit_some();
    void advance(int64_t ms);
    // The disk refuses the next `count` commits.
    void fail_commits(uint64_t count);
    void crash(Crash kind, uint32_t shards);
    Time now() const { return now_; }
    uint64_t recovered_deliveries() const { return recovered_; }

private:
    struct Submission {
        shard::PeerIndex shard = 0;
        shard::Effects::Store store;
    };
    struct Mail {
        shard::PeerIndex from = 0;
        shard::PeerMessages messages;
    };

    bool is_mail_waiting() const;
    bool answer_read();
    void start(uint32_t shards);
    template <class Input>
    void turn(shard::PeerIndex shard, Input input);
    void flush(shard::PeerIndex shard);
    void carry_out_effects(shard::PeerIndex shard);
    Wire* find(shard::PeerIndex shard, shard::ConnectionId id);

    Options options_;
    Chance& chance_;
    LogSink& log_;
    Time now_{1'000'000};
    storage::MemoryStore store_{storage::MemoryStore::Remember::Crashes};
    SeededSecrets secrets_;
    std::vector<std::unique_ptr<Counters>> counters_;
    std::vector<std::unique_ptr<shard::Shard>> shards_;
    std::deque<std::pair<shard::PeerIndex, shard::Effects::Read>> reads_;
    std::vector<std::vector<std::deque<shard::PeerMessages>>> mail_;  // [to][from]
    std::deque<Submission> submissions_;
    std::deque<Wire> wires_;
    bool fails_ = false;
    uint64_t recovered_ = 0;
};

}  // namespace runnel::simulation
