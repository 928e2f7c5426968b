// SPDX-License-Identifier: Apache-2.0
// The scenarios that publish: fan-in, fan-out and pairs. Every payload starts with a stamp by which its delivery is
// timed and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/runnelctl/bench/bench_options.h"
#include "cli/runnelctl/bench/fleet.h"
#include "cli/runnelctl/bench/latency_histogram.h"
#include "cli/runnelctl/bench/process_usage.h"
#include "cli/runnelctl/bench/progress.h"
#include "cli/runnelctl/bench/stream_check.h"
#include "cli/runnelctl/refusal.h"

namespace runnel::ctl {

// The first bytes of a payload.
struct Stamp {
    uint64_t sent_at_ns;
    uint64_t sequence;
    uint32_t publisher;
    uint32_t run;  // Tells the messages of this run from older ones.
};
static_assert(sizeof(Stamp) == 24);

// What the measured phase gave. Loss, duplicates and reordering count from the first message of the warm-up on.
struct TrafficResult {
    double seconds = 0;
    uint64_t published = 0;
    uint64_t delivered = 0;
    uint64_t refused = 0;  // Acknowledged with an error.
    uint64_t stalls = 0;   // Times that waiting was given up: nothing came for two seconds, or the end never came.
    StreamFaults faults;
    LatencyHistogram latency;
    std::optional<double> broker_cpu_seconds;
    std::optional<uint64_t> broker_resident_bytes;
};

class TrafficRun {
public:
    explicit TrafficRun(const BenchOptions& options);

    // Nothing if the run came to its end.
    std::optional<Failure> run();
    const TrafficResult& result() const { return result_; }

    // Called by Fleet::turn.
    void bytes_arrived() { arrival_ns_ = now_ns(); }
    void opened(Wire&) {}
    void packet(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end);

private:
    enum class Phase { WarmUp, Settle, Measured, Drain, Done };

    // A message is out until its slot of the ring says that nothing is missing.
    struct Publisher {
        uint32_t wire = 0;
        bool is_ready = false;   // Has room in its window that is not used yet.
        uint64_t next = 0;       // Sequence number of the next message.
        uint64_t completed = 0;  // All before this one are done.
        uint64_t given_up = 0;   // All before this one are waited for no longer.
        std::vector<uint32_t> missing;
        std::string packet;  // An encoded PUBLISH whose stamp and Packet Identifier are written over.
        size_t identifier_at = 0;
    };

    void prepare_wires();
    std::string filter_of(uint32_t subscriber) const;
    std::string topic_of(uint32_t publisher) const;
    void prepare_publisher(uint32_t index);

    void advance(uint64_t now);
    void begin_measurement(uint64_t now);
    void end_measurement(uint64_t now);
    void check_stall(uint64_t now);
    void show_progress(uint64_t now);
    bool is_everything_delivered() const { return new_deliveries_ + given_up_ >= sent_ * copies_; }

    void publish_by_window();
    void publish_by_rate(uint64_t now);
    int64_t timeout_ns(uint64_t now) const;
    bool has_room(const Publisher& publisher) const { return publisher.next - publisher.completed < window_; }
    bool may_publish() const;
    void publish(Publisher& publisher, uint64_t sent_at_ns);

    void delivered(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end);
    void acknowledge(Wire& wire, uint8_t header, const uint8_t* body);
    void answer(Wire& wire, uint8_t header, const uint8_t* identifier);
    void acknowledged(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end);
    void complete(Publisher& publisher, uint64_t sequence);
    void give_up_outstanding();

    const BenchOptions& options_;
    const uint32_t publisher_count_;
    const uint32_t subscriber_count_;
    const bool is_pairs_;
    const bool is_open_loop_;
    const uint32_t copies_;  // Subscribers that get each message.
    const uint32_t run_;
    Fleet fleet_;
    Progress progress_;

    uint64_t window_;
    uint64_t slot_mask_ = 0;
    uint32_t answers_per_message_ = 0;  // What fills a slot again: deliveries and the acknowledgement.
    std::vector<Publisher> publishers_;
    std::vector<uint32_t> ready_;
    std::vector<StreamCheck> streams_;

    Phase phase_ = Phase::WarmUp;
    uint64_t phase_end_ns_ = 0;
    uint64_t measured_since_ns_ = 0;
    uint64_t arrival_ns_ = 0;
    uint64_t last_progress_ns_ = 0;
    uint64_t last_publishing_ns_ = 0;
    uint64_t deliveries_seen_ = 0;
    uint64_t quota_ = UINT64_MAX;  // Messages that may still be published.
    uint64_t sent_ = 0;
    uint64_t new_deliveries_ = 0;
    uint64_t acknowledgements_ = 0;
    uint64_t given_up_ = 0;
    double interval_ns_ = 0;
    double next_due_ns_ = 0;
    size_t next_publisher_ = 0;
    std::optional<ProcessUsage> usage_before_;
    TrafficResult result_;
};

}  // namespace runnel::ctl
