// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "test/simulation/endpoint.h"

namespace runnel::simulation {

// A client that does its duty: it comes once, subscribes, listens, and stays until it is told to leave. Nothing cuts
// its link. It may also publish and say what it was answered.
class Probe : public Endpoint {
public:
    struct Heard {
        std::string topic;
        std::string payload;
        bool retain = false;
    };

    Probe(World& world, std::string identifier, std::vector<std::string> filters)
        : Endpoint(world), identifier_(std::move(identifier)), filters_(std::move(filters)) {}

    void begin();
    void publish(const std::string& topic);
    void leave();

    bool is_on(const Link& link) const { return link_ == &link; }
    bool has_ended() const { return ended_; }
    bool is_subscribed() const { return subscribed_; }
    Time subscribed_at() const { return subscribed_at_; }  // When SUBSCRIBE was sent.
    const std::vector<Heard>& heard() const { return heard_; }
    const std::vector<mqtt::ReasonCode>& answers() const { return answers_; }

private:
    void handle(const test::AnyPacket& packet) override;
    void link_ended() override { ended_ = true; }
    void handle_connack(const mqtt::Connack& packet);
    void subscribe();
    void ping();

    std::string identifier_;
    std::vector<std::string> filters_;
    std::vector<Heard> heard_;
    std::vector<mqtt::ReasonCode> answers_;  // To what it published.
    Time subscribed_at_;
    bool subscribed_ = false;
    bool ended_ = false;
    uint16_t keep_alive_ = 0;
    mqtt::PacketIdentifier last_identifier_ = 1;
};

// Somebody else who would like another client's Session. Gone as soon as it has its answer.
class Intruder : public Endpoint {
public:
    using Endpoint::Endpoint;
    void begin(const std::string& identifier, mqtt::ProtocolVersion version);

private:
    void handle(const test::AnyPacket& packet) override;
    void link_ended() override {}
};

}  // namespace runnel::simulation
