// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/publisher.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "cli/runnelctl/clock.h"

namespace runnel::ctl {

namespace {

constexpr size_t kBacklogMax = 1 << 20;
constexpr size_t kLinesMax = 1 << 20;
constexpr Duration kConnectPatience{10'000};
constexpr Duration kReconnectDelayMax{30'000};

}  // namespace

std::optional<Failure> Publisher::run() {
    auto failure = client_.connect(monotonic_now() + kConnectPatience);
    while (!failure) {
        failure = run_connected();
        if (!failure) {
            client_.disconnect();
            return refused_;
        }
        if (options_.takes_lines && !failure->is_final) failure = reconnect(*failure);
    }
    return failure;
}

// Only for lines: they come from something that runs on, like a sensor's log.
std::optional<Failure> Publisher::reconnect(Failure failure) {
    for (Duration delay{1000};; delay = std::min(Duration{delay.ms * 2}, kReconnectDelayMax)) {
        if (!options_.client.quiet) std::fprintf(stderr, "Warning: %s; connecting again\n", failure.text.c_str());
        poll(nullptr, 0, static_cast<int>(delay.ms));
        alias_is_known_ = false;
        auto again = client_.connect(monotonic_now() + kConnectPatience);
        if (!again) return std::nullopt;
        if (again->is_final) return again;
        failure = *again;
    }
}

bool Publisher::is_finished() const {
    const bool is_produced = options_.takes_lines ? input_ended_ && lines_.empty() : published_ == options_.repeat;
    return is_produced && client_.is_settled();
}

std::optional<Failure> Publisher::run_connected() {
    for (;;) {
        if (auto failure = produce()) {
            client_.disconnect();
            return failure;
        }
        if (is_finished()) return std::nullopt;
        const bool reads = options_.takes_lines && !input_ended_ && lines_.size() < kLinesMax && has_room();
        pollfd input{reads ? STDIN_FILENO : -1, POLLIN, 0};
        if (auto failure = client_.turn(next_repeat(), {&input, 1})) return failure;
        if (input.revents != 0) read_lines();
    }
}

bool Publisher::has_room() const {
    return client_.backlog() < kBacklogMax && (options_.qos == mqtt::QoS::AtMostOnce || client_.has_room());
}

// When a repeated message that must wait for its delay is due.
Time Publisher::next_repeat() const {
    const bool waits = !options_.takes_lines && published_ < options_.repeat && has_room();
    return waits ? last_published_ + options_.repeat_delay : Time::never();
}

std::optional<Failure> Publisher::produce() {
    if (options_.takes_lines) return produce_lines();
    while (published_ < options_.repeat && has_room()) {
        // The delay starts when the message before has been delivered.
        const bool waits = published_ > 0 && options_.repeat_delay.ms > 0;
        if (waits && (!client_.is_settled() || monotonic_now() < next_repeat())) break;
        if (auto failure = publish(options_.payload)) return failure;
    }
    return std::nullopt;
}

std::optional<Failure> Publisher::produce_lines() {
    size_t start = 0;
    while (start < lines_.size() && has_room()) {
        const size_t end = lines_.find('\n', start);
        if (end == std::string::npos && !input_ended_) break;
        const size_t size = std::min(end, lines_.size()) - start;
        if (auto failure = publish(std::string_view(lines_).substr(start, size))) return failure;
        start += std::min(size + 1, lines_.size() - start);
    }
    lines_.erase(0, start);
    return std::nullopt;
}

void Publisher::read_lines() {
    char piece[65536];
    const ssize_t size = read(STDIN_FILENO, piece, sizeof piece);
    if (size > 0)
        lines_.append(piece, static_cast<size_t>(size));
    else if (size == 0 || (errno != EINTR && errno != EAGAIN))
        input_ended_ = true;
}

std::optional<Failure> Publisher::publish(std::string_view payload) {
    mqtt::Publish publish;
    publish.qos = options_.qos;
    publish.retain = options_.retain;
    publish.topic = options_.topic;
    publish.payload = payload;
    publish.properties = options_.client.properties.of(PropertyTarget::Publish).view();
    if (auto fault = client_.publish_fault(publish)) return fault;
    // What may have to be sent again on another connection keeps its topic.
    if (alias_is_known_ && publish.qos == mqtt::QoS::AtMostOnce) publish.topic = {};
    alias_is_known_ = publish.properties.has(mqtt::PropertyId::TopicAlias);
    client_.publish(publish);
    client_.debug("> PUBLISH to " + options_.topic + ", " + std::to_string(payload.size()) + " bytes");
    ++published_;
    last_published_ = monotonic_now();
    return std::nullopt;
}

void Publisher::publish_acknowledged(const mqtt::PublishAck& ack) {
    if (ack.reason == mqtt::ReasonCode::NoMatchingSubscribers) client_.debug("nobody is subscribed to the topic");
    if (!is_error(ack.reason) || refused_) return;
    refused_ = Failure{"message refused by the broker: " + describe(ack.reason, ack.properties),
                       static_cast<int>(ack.reason), true};
}

}  // namespace runnel::ctl
