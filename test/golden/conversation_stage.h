// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/counters.h"
#include "broker/base/log.h"
#include "broker/base/secret_source.h"
#include "broker/shard/shard.h"

namespace runnel::test {

// A broker without a network: bytes given to it are answered at once, peers hear of each other at once, and the clock
// stands still until it is moved. Everybody may do everything.
class ConversationStage {
public:
    ConversationStage(const shard::Settings& settings, uint32_t shards);
    ~ConversationStage();

    // Connections are named by who opens them; a closed name may be used again.
    bool is_open(const std::string& name) const { return connections_.contains(name); }
    void open(const std::string& name);
    void send(const std::string& name, std::string_view bytes);
    void cut(const std::string& name);
    void wait(Duration span);

    // What the broker has sent on this name's connections and nobody has taken.
    std::string& received(const std::string& name) { return received_[name]; }

private:
    struct Place {
        uint32_t shard = 0;
        shard::ConnectionId id;
    };
    class Quiet;
    class Numbers;

    void settle();
    bool take_turn(uint32_t index);
    bool write(uint32_t index);
    bool carry_out_effects(uint32_t index);
    const std::string* name_of(uint32_t index, shard::ConnectionId id) const;

    Time now_{1'000'000};
    std::unique_ptr<Quiet> log_;
    std::unique_ptr<Numbers> secrets_;
    std::deque<Counters> counters_;
    std::vector<std::unique_ptr<shard::Shard>> shards_;
    std::map<std::string, Place> connections_;
    std::map<std::string, std::string> received_;
};

}  // namespace runnel::test
