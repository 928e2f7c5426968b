// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/base/time.h"
#include "cli/runnelctl/client.h"
#include "cli/runnelctl/client_options.h"
#include "cli/runnelctl/refusal.h"

namespace runnel::ctl {

struct PublishOptions {
    ClientOptions client;
    std::string topic;
    std::string payload;
    bool takes_lines = false;  // Messages are the lines of standard input, not `payload`.
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    uint64_t repeat = 1;
    Duration repeat_delay{};
};

// Publishes one message, once or repeatedly, or one per line of standard input.
class Publisher : private ClientListener {
public:
    explicit Publisher(const PublishOptions& options) : options_(options), client_(options.client, *this) {}

    // Until all messages are sent, and acknowledged where their QoS asks for it.
    std::optional<Failure> run();

private:
    void publish_acknowledged(const mqtt::PublishAck& ack) override;

    std::optional<Failure> run_connected();
    std::optional<Failure> reconnect(Failure failure);
    std::optional<Failure> produce();
    std::optional<Failure> produce_lines();
    std::optional<Failure> publish(std::string_view payload);
    void read_lines();
    bool has_room() const;
    bool is_finished() const;
    Time next_repeat() const;

    const PublishOptions& options_;
    Client client_;
    uint64_t published_ = 0;
    Time last_published_{};
    bool alias_is_known_ = false;  // The broker knows the topic by its alias on this connection.
    std::string lines_;            // Read, and not published yet.
    bool input_ended_ = false;
    std::optional<Failure> refused_;  // The first message the broker did not take.
};

}  // namespace runnel::ctl
