// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "test/simulation/chance.h"
#include "test/simulation/ledger.h"
#include "test/simulation/link.h"

namespace runnel::simulation {

class World;

// Publishes by HTTP, one message after another, each under an idempotency key: whatever becomes of the connection, it
// asks again, of any loop, until it has its answer.
class Station : public LinkEnd {
public:
    Station(World& world, std::string name, uint64_t seed) : world_(world), name_(std::move(name)), chance_(seed) {}

    void begin();
    bool is_done() const { return actions_left_ == 0 && waiting_for_ == 0; }
    void leave();

    void bytes_arrived(std::string_view bytes) override;
    void closed_by_broker() override;

private:
    void think();
    void connect();
    void choose();
    void post();
    std::string request_for(const PublishedMessage& message);
    void answered(int status, std::string_view body);

    World& world_;
    std::string name_;
    Chance chance_;
    uint32_t actions_left_ = 0;
    Link* link_ = nullptr;
    std::string input_;
    bool asked_ = false;        // On this link, and not answered yet.
    uint64_t waiting_for_ = 0;  // Number of the message without an answer.
    uint64_t sequence_ = 0;
    uint64_t links_ = 0;
};

}  // namespace runnel::simulation
