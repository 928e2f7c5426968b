// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/subscriber.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "broker/mqtt/topic.h"
#include "cli/runnelctl/clock.h"
#include "cli/runnelctl/command.h"

namespace runnel::ctl {

namespace {

constexpr Duration kConnectPatience{10'000};
constexpr Duration kGoodbyePatience{1000};
constexpr Duration kReconnectDelayMax{30'000};

}  // namespace

void Subscriber::warn(const std::string& text) const {
    if (!options_.client.quiet) std::fprintf(stderr, "Warning: %s\n", text.c_str());
}

bool Subscriber::is_time_over() const {
    return monotonic_now() >= deadline_;
}

std::optional<Failure> Subscriber::run() {
    if (options_.timeout) deadline_ = monotonic_now() + *options_.timeout;
    auto failure = run_until_end();
    if (output_fault_) return output_fault_;
    if (failure && (client_.is_stopped() || is_complete_)) failure.reset();
    if (failure) return failure;
    if (!is_complete_ && is_time_over()) return Failure{"timed out", kExitTimeout, true};
    return refused_;
}

std::optional<Failure> Subscriber::run_until_end() {
    bool was_connected = false;
    for (Duration delay{1000};;) {
        auto failure = client_.connect(std::min(deadline_, monotonic_now() + kConnectPatience));
        if (!failure) {
            was_connected = true;
            delay = Duration{1000};
            failure = run_connected();
            if (!failure) return finish();
        }
        if (failure->is_final || !was_connected || !options_.reconnects) return failure;
        if (!wait_to_reconnect(*failure, delay)) return std::nullopt;
        delay = std::min(Duration{delay.ms * 2}, kReconnectDelayMax);
    }
}

bool Subscriber::wait_to_reconnect(const Failure& failure, Duration delay) {
    if (is_over()) return false;
    warn(failure.text + "; connecting again");
    pollfd stop{stop_signals_.descriptor(), POLLIN, 0};
    const int64_t left = std::min(delay, deadline_ - monotonic_now()).ms;
    return poll(&stop, 1, static_cast<int>(std::max<int64_t>(left, 0))) == 0 && !is_time_over();
}

std::optional<Failure> Subscriber::run_connected() {
    request();
    while (!is_over()) {
        auto failure = client_.turn(deadline_);
        // Printed first: what is acknowledged has been written.
        if (!flush()) return std::nullopt;
        if (failure) return failure;
    }
    return std::nullopt;
}

// Ends the QoS 2 exchanges that have begun, so that the broker need not go on with them in the next connection.
std::optional<Failure> Subscriber::finish() {
    const Time patience = monotonic_now() + kGoodbyePatience;
    while (is_complete_ && !client_.is_settled() && monotonic_now() < patience)
        if (client_.turn(patience)) return std::nullopt;
    client_.disconnect();
    return std::nullopt;
}

void Subscriber::request() {
    refused_.reset();
    granted_ = 0;
    unanswered_ = 0;
    if (!options_.filters.empty()) {
        mqtt::Subscribe subscribe;
        for (const std::string& filter : options_.filters)
            subscribe.requests.push_back({filter, options_.subscription});
        subscribe.properties = options_.client.properties.of(PropertyTarget::Subscribe).view();
        client_.subscribe(std::move(subscribe));
        ++unanswered_;
    }
    if (!options_.unsubscribed.empty()) {
        mqtt::Unsubscribe unsubscribe;
        for (const std::string& filter : options_.unsubscribed)
            unsubscribe.filters.push_back(filter);
        unsubscribe.properties = options_.client.properties.of(PropertyTarget::Unsubscribe).view();
        client_.unsubscribe(std::move(unsubscribe));
        ++unanswered_;
    }
}

void Subscriber::subscription_acknowledged(const mqtt::SubscriptionAck& ack) {
    const auto& filters = ack.type == mqtt::PacketType::Suback ? options_.filters : options_.unsubscribed;
    for (size_t i = 0; i < ack.reasons.size() && i < filters.size(); ++i) {
        if (!is_error(ack.reasons[i])) {
            ++granted_;
            continue;
        }
        // MQTT 3 knows only that it failed.
        const std::string why = options_.client.version == mqtt::ProtocolVersion::V5
                                    ? describe(ack.reasons[i], ack.properties)
                                    : std::string("failure (0x80)");
        warn("the broker refused '" + filters[i] + "': " + why);
        refused_ = Failure{"the broker refused every subscription: " + why, static_cast<int>(ack.reasons[i]), true};
    }
    --unanswered_;
    const bool all_refused = ack.type == mqtt::PacketType::Suback && granted_ == 0 && refused_;
    if (!all_refused) refused_.reset();
    if (all_refused || (options_.exits_when_subscribed && unanswered_ == 0)) is_complete_ = true;
}

bool Subscriber::is_wanted(const mqtt::Publish& message) const {
    if (options_.skips_retained && message.retain) return false;
    return std::none_of(options_.filtered_out.begin(), options_.filtered_out.end(),
                        [&](const std::string& filter) { return mqtt::matches(filter, message.topic); });
}

bool Subscriber::message_received(const mqtt::Publish& message) {
    if (is_complete_) return false;
    if (options_.retained_only && !message.retain) {
        is_complete_ = true;
        return false;
    }
    if (!is_wanted(message)) return true;
    print(message);
    if (options_.count != 0 && ++printed_ == options_.count) is_complete_ = true;
    return !is_complete_;
}

// As mosquitto_sub prints it: an empty payload is nothing at all, or "(null)" behind its topic.
void Subscriber::print(const mqtt::Publish& message) {
    if (options_.format) {
        if (!options_.format->append(text_, message, wall_now())) {
            if (!options_.client.quiet)
                print_error("the payload is not valid JSON on topic " + std::string(message.topic));
            return;
        }
    } else if (options_.verbose) {
        text_.append(message.topic).append(" ").append(message.payload.empty() ? "(null)" : message.payload);
    } else {
        if (message.payload.empty()) return;
        text_ += message.payload;
    }
    if (options_.ends_lines) text_ += '\n';
}

bool Subscriber::flush() {
    if (text_.empty()) return true;
    const bool is_written =
        std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size() && std::fflush(stdout) == 0;
    if (!is_written)
        output_fault_ = Failure{std::string("cannot write to standard output: ") + std::strerror(errno), kExitFailure};
    text_.clear();
    return is_written;
}

}  // namespace runnel::ctl
