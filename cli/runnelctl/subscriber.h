// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/time.h"
#include "cli/runnelctl/client.h"
#include "cli/runnelctl/client_options.h"
#include "cli/runnelctl/output_format.h"
#include "cli/runnelctl/refusal.h"
#include "cli/runnelctl/stop_signals.h"

namespace runnel::ctl {

struct SubscribeOptions {
    ClientOptions client;
    std::vector<std::string> filters;
    std::vector<std::string> filtered_out;
    std::vector<std::string> unsubscribed;
    mqtt::SubscriptionOptions subscription;
    bool skips_retained = false;
    bool retained_only = false;
    bool verbose = false;
    bool ends_lines = true;
    std::optional<OutputFormat> format;
    uint64_t count = 0;  // 0 = without end.
    std::optional<Duration> timeout;
    bool exits_when_subscribed = false;
    bool reconnects = true;
};

// Subscribes and prints what comes to standard output.
class Subscriber : private ClientListener {
public:
    explicit Subscriber(const SubscribeOptions& options)
        : options_(options), client_(options.client, *this, stop_signals_.descriptor()) {}

    // Until the wanted messages have come, the time is over (with kExitTimeout), the user wants an end, or it fails.
    std::optional<Failure> run();

private:
    bool message_received(const mqtt::Publish& message) override;
    void subscription_acknowledged(const mqtt::SubscriptionAck& ack) override;

    std::optional<Failure> run_connected();
    std::optional<Failure> run_until_end();
    // Waits before the next try to connect. False if the wait was ended by the user or the time is over.
    bool wait_to_reconnect(const Failure& failure, Duration delay);
    std::optional<Failure> finish();
    void request();
    bool is_wanted(const mqtt::Publish& message) const;
    bool is_over() const { return is_complete_ || client_.is_stopped() || is_time_over(); }
    bool is_time_over() const;
    void print(const mqtt::Publish& message);
    // False if standard output takes no more; then `output_fault_` is set.
    bool flush();
    void warn(const std::string& text) const;

    const SubscribeOptions& options_;
    StopSignals stop_signals_;
    Client client_;
    Time deadline_ = Time::never();
    std::string text_;  // To be printed.
    uint64_t printed_ = 0;
    bool is_complete_ = false;
    size_t unanswered_ = 0;  // SUBSCRIBE and UNSUBSCRIBE.
    size_t granted_ = 0;
    std::optional<Failure> refused_;
    std::optional<Failure> output_fault_;
};

}  // namespace runnel::ctl
