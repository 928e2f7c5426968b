// SPDX-License-Identifier: Apache-2.0
// Promises about the broker as a whole.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "test/simulation/checker.h"
#include "test/simulation/probe.h"

namespace runnel::simulation {

// No queue of a Session grows beyond session.max_queued_messages and session.max_queued_bytes.
class QueuesKeepTheirLimits : public Checker {
public:
    explicit QueuesKeepTheirLimits(Evidence& evidence) : Checker("queues keep their limits", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket&) override { clients_.insert(tapped.client_identifier); }
    void turn_ended() override;

private:
    std::set<std::string> clients_;
};

// What a new subscriber gets is the last Retained Message of a topic, or one that may have come at the same time; and
// when all is quiet, the same on every shard.
class RetainedIsTheLast : public Checker {
public:
    explicit RetainedIsTheLast(Evidence& evidence) : Checker("the Retained Message is the last one", evidence) {}
    // One probe on each shard, all asked at about the same time.
    void examine(const std::vector<Probe*>& probes, bool quiet);

private:
    struct Span {
        const PublishedMessage* message = nullptr;
        Time earliest;
        Time latest;
        bool certain = false;
    };
    using Spans = std::map<std::string, std::vector<Span>>;  // By topic.
    Spans spans() const;
    void examine(const Probe& probe, const Spans& spans);
    static bool may_be_last(const Span& span, const std::vector<Span>& all, Time asked);
    static bool may_be_nothing(const std::vector<Span>& all, Time asked);
};

// When a retained publish is acknowledged, no shard has one any more that was acknowledged before it came.
class RetainedIsEverywhere : public Checker {
public:
    explicit RetainedIsEverywhere(Evidence& evidence)
        : Checker("an acknowledged Retained Message is on every shard", evidence) {}
    void packet_received(Tapped& tapped, const test::AnyPacket& packet) override;
    void packet_sent(Tapped& tapped, const test::AnyPacket& packet) override;

private:
    void acknowledged(const PublishedMessage& message);

    uint64_t order_ = 0;
    std::map<std::pair<uint32_t, mqtt::PacketIdentifier>, uint64_t> open_;  // Numbers, by link and Packet Identifier.
    std::map<uint64_t, uint64_t> came_;                                     // In which order, by number.
    std::map<uint64_t, uint64_t> acknowledged_;                             // The same.
};

// When all have gone, nothing of them is left.
class NothingIsKept : public Checker {
public:
    explicit NothingIsKept(Evidence& evidence) : Checker("when everybody has gone, nothing is left", evidence) {}
    void settled() override;
    void finished() override;

private:
    void expect_zero(const char* name, uint64_t value);
};

}  // namespace runnel::simulation
