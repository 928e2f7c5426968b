// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/traffic_run.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>

#include "broker/mqtt/encoder.h"

namespace runnel::ctl {

using mqtt::PacketType;
using mqtt::QoS;

namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;
constexpr uint64_t kStall_ns = 2 * kSecond_ns;
constexpr uint64_t kDrain_ns = 60 * kSecond_ns;
constexpr uint32_t kWindowMax = 32'768;
constexpr size_t kBacklogMax = 4 << 20;
constexpr uint32_t kParallelOpens = 64;

uint32_t or_default(uint32_t chosen, uint32_t otherwise) {
    return chosen != 0 ? chosen : otherwise;
}

uint32_t publisher_count_of(const BenchOptions& options) {
    if (options.scenario == Scenario::FanOut) return or_default(options.publishers, 1);
    if (options.scenario == Scenario::FanIn) return or_default(options.publishers, 50);
    return or_default(options.publishers, or_default(options.subscribers, 50));
}

uint32_t subscriber_count_of(const BenchOptions& options) {
    if (options.scenario == Scenario::FanOut) return or_default(options.subscribers, 100);
    if (options.scenario == Scenario::FanIn) return or_default(options.subscribers, 1);
    return publisher_count_of(options);
}

}  // namespace

TrafficRun::TrafficRun(const BenchOptions& options)
    : options_(options),
      publisher_count_(publisher_count_of(options)),
      subscriber_count_(subscriber_count_of(options)),
      is_pairs_(options.scenario == Scenario::Pairs),
      is_open_loop_(options.rate > 0),
      copies_(is_pairs_ ? 1 : subscriber_count_),
      run_(static_cast<uint32_t>(now_ns() ^ static_cast<uint64_t>(getpid()) << 16)),
      fleet_(options, publisher_count_ + subscriber_count_),
      progress_(!options.quiet && !options.json),
      window_(std::clamp<uint32_t>(options.window, 1, kWindowMax)),
      publishers_(publisher_count_),
      streams_(is_pairs_ ? publisher_count_ : size_t{publisher_count_} * subscriber_count_) {}

std::string TrafficRun::topic_of(uint32_t publisher) const {
    const std::string root = "bench/" + std::to_string(run_) + "/";
    return options_.scenario == Scenario::FanOut ? root + "all" : root + std::to_string(publisher);
}

std::string TrafficRun::filter_of(uint32_t subscriber) const {
    if (options_.scenario != Scenario::FanIn) return topic_of(subscriber);
    return "bench/" + std::to_string(run_) + "/+";
}

void TrafficRun::prepare_publisher(uint32_t index) {
    Publisher& publisher = publishers_[index];
    publisher.wire = index;
    publisher.missing.resize(slot_mask_ + 1);
    const std::string topic = topic_of(index);
    const std::string payload(options_.payload_size, 'x');
    mqtt::Publish publish;
    publish.qos = options_.qos;
    publish.packet_identifier = options_.qos == QoS::AtMostOnce ? 0 : 1;
    publish.topic = topic;
    publish.payload = payload;
    encode(publish, options_.version, publisher.packet);
    publisher.identifier_at = publisher.packet.find(topic) + topic.size();
    publisher.is_ready = true;
    ready_.push_back(index);
}

// Publishers have the first wires, subscribers the others.
void TrafficRun::prepare_wires() {
    for (uint32_t index = 0; index < subscriber_count_; ++index)
        fleet_.wire(publisher_count_ + index).filter = filter_of(index);
    fleet_.open_all(publisher_count_, subscriber_count_, kParallelOpens);
    if (!fleet_.failed()) fleet_.open_all(0, publisher_count_, kParallelOpens);
    if (fleet_.failed()) return;

    const bool is_acknowledged = options_.qos != QoS::AtMostOnce;
    if (is_acknowledged) window_ = std::min<uint64_t>(window_, fleet_.receive_maximum());
    slot_mask_ = std::bit_ceil(window_) - 1;
    answers_per_message_ = (is_open_loop_ ? 0 : copies_) + (is_acknowledged ? 1 : 0);
    for (uint32_t index = 0; index < publisher_count_; ++index)
        prepare_publisher(index);
}

std::optional<Failure> TrafficRun::run() {
    prctl(PR_SET_TIMERSLACK, 1);  // The rate is kept to microseconds.
    if (!fleet_.failed()) prepare_wires();
    uint64_t now = now_ns();
    phase_end_ns_ = now + static_cast<uint64_t>(options_.warm_up * 1e9);
    last_progress_ns_ = last_publishing_ns_ = now;
    interval_ns_ = is_open_loop_ ? 1e9 / options_.rate : 0;
    next_due_ns_ = static_cast<double>(now);
    while (phase_ != Phase::Done && !fleet_.failed()) {
        if (may_publish()) is_open_loop_ ? publish_by_rate(now) : publish_by_window();
        fleet_.flush_marked();
        fleet_.turn(timeout_ns(now), *this);
        now = now_ns();
        advance(now);
    }
    progress_.clear();
    if (fleet_.failed()) return Failure{fleet_.failure(), fleet_.exit_code()};
    for (size_t index = 0; index < streams_.size(); ++index) {
        const size_t publisher = is_pairs_ ? index : index % publisher_count_;
        streams_[index].finish(publishers_[publisher].next, result_.faults);
    }
    return std::nullopt;
}

// Phases.

void TrafficRun::advance(uint64_t now) {
    check_stall(now);
    if (progress_.is_due(now)) show_progress(now);
    const bool by_count = options_.messages != 0;
    switch (phase_) {
        case Phase::WarmUp:
            if (now < phase_end_ns_) break;
            // What is counted to the last message must not begin with messages of the warm-up.
            if (by_count)
                phase_ = Phase::Settle;
            else
                begin_measurement(now);
            break;
        case Phase::Settle:
            if (is_everything_delivered()) begin_measurement(now);
            break;
        case Phase::Measured:
            if (by_count ? quota_ == 0 && is_everything_delivered() : now >= phase_end_ns_) end_measurement(now);
            break;
        case Phase::Drain:
            if (is_everything_delivered()) phase_ = Phase::Done;
            break;
        case Phase::Done: break;
    }
}

void TrafficRun::begin_measurement(uint64_t now) {
    phase_ = Phase::Measured;
    measured_since_ns_ = now;
    phase_end_ns_ = now + static_cast<uint64_t>(options_.duration * 1e9);
    if (options_.messages != 0) quota_ = options_.messages;
    result_.published = sent_;
    result_.delivered = new_deliveries_;
    result_.latency.clear();
    if (options_.broker != 0) usage_before_ = read_process_usage(options_.broker);
}

void TrafficRun::end_measurement(uint64_t now) {
    phase_ = Phase::Drain;
    quota_ = 0;
    result_.seconds = static_cast<double>(now - measured_since_ns_) / 1e9;
    result_.published = sent_ - result_.published;
    result_.delivered = new_deliveries_ - result_.delivered;
    if (!usage_before_) return;
    if (const auto usage = read_process_usage(options_.broker)) {
        result_.broker_cpu_seconds = usage->cpu_seconds - usage_before_->cpu_seconds;
        result_.broker_resident_bytes = usage->resident_bytes;
    }
}

// Without this a lost message of QoS 0 would hold its place in the window for ever.
void TrafficRun::check_stall(uint64_t now) {
    const uint64_t seen = new_deliveries_ + acknowledgements_;
    if (may_publish()) last_publishing_ns_ = now;
    if (seen != deliveries_seen_ || is_everything_delivered()) last_progress_ns_ = now;
    deliveries_seen_ = seen;
    if (is_everything_delivered()) return;
    if (now - last_progress_ns_ > kStall_ns || now - last_publishing_ns_ > kDrain_ns) {
        ++result_.stalls;
        last_progress_ns_ = now;
        give_up_outstanding();
    }
}

void TrafficRun::give_up_outstanding() {
    given_up_ = sent_ * copies_ - new_deliveries_;
    for (Publisher& publisher : publishers_) {
        std::fill(publisher.missing.begin(), publisher.missing.end(), 0);
        publisher.completed = publisher.given_up = publisher.next;
        if (publisher.is_ready) continue;
        publisher.is_ready = true;
        ready_.push_back(publisher.wire);
    }
}

void TrafficRun::show_progress(uint64_t now) {
    static constexpr const char* kNames[] = {"warm-up", "settling", "measuring", "waiting for the last messages", ""};
    const uint64_t missing = result_.faults.missing;
    char latency[48];
    std::snprintf(latency, sizeof latency, "%.3f ms", static_cast<double>(result_.latency.percentile(0.99)) / 1e6);
    progress_.show(now, std::string(kNames[static_cast<size_t>(phase_)]) + ": " + grouped(sent_) + " published, " +
                            grouped(new_deliveries_) + " delivered, " + grouped(missing) + " missing, p99 " + latency);
}

// Publishing.

bool TrafficRun::may_publish() const {
    return quota_ > 0 && (phase_ == Phase::WarmUp || phase_ == Phase::Measured);
}

void TrafficRun::publish_by_window() {
    const uint64_t now = now_ns();
    for (const uint32_t index : ready_) {
        Publisher& publisher = publishers_[index];
        publisher.is_ready = false;
        while (has_room(publisher) && quota_ > 0)
            publish(publisher, now);
    }
    ready_.clear();
}

// A message that is late counts from when it was due, so that a slow broker cannot hide its delays.
void TrafficRun::publish_by_rate(uint64_t now) {
    const bool is_windowed = options_.qos != QoS::AtMostOnce;
    for (; next_due_ns_ <= static_cast<double>(now) && quota_ > 0; next_due_ns_ += interval_ns_) {
        Publisher& publisher = publishers_[next_publisher_];
        if (fleet_.wire(publisher.wire).backlog() > kBacklogMax || (is_windowed && !has_room(publisher))) return;
        publish(publisher, static_cast<uint64_t>(next_due_ns_));
        if (++next_publisher_ == publishers_.size()) next_publisher_ = 0;
    }
}

int64_t TrafficRun::timeout_ns(uint64_t now) const {
    constexpr int64_t kLongest_ns = 10'000'000;
    if (!is_open_loop_ || !may_publish()) return kLongest_ns;
    const double left = next_due_ns_ - static_cast<double>(now);
    return std::clamp<int64_t>(static_cast<int64_t>(left), 0, kLongest_ns);
}

void TrafficRun::publish(Publisher& publisher, uint64_t sent_at_ns) {
    Wire& wire = fleet_.wire(publisher.wire);
    wire.output.append(publisher.packet);
    char* const end = wire.output.data() + wire.output.size();
    const uint64_t slot = publisher.next & slot_mask_;
    if (options_.qos != QoS::AtMostOnce)
        mqtt::write_two_bytes(end - publisher.packet.size() + publisher.identifier_at, static_cast<uint16_t>(slot + 1));
    const Stamp stamp{sent_at_ns, publisher.next, publisher.wire, run_};
    std::memcpy(end - options_.payload_size, &stamp, sizeof stamp);
    publisher.missing[slot] = answers_per_message_;
    ++publisher.next;
    ++sent_;
    --quota_;
    if (answers_per_message_ == 0) publisher.completed = publisher.next;
    fleet_.mark(wire);
}

// What arrives.

void TrafficRun::packet(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end) {
    switch (static_cast<PacketType>(header >> 4)) {
        case PacketType::Publish: return delivered(wire, header, body, end);
        case PacketType::Pubrel: return answer(wire, 0x70, body);
        case PacketType::Puback:
        case PacketType::Pubrec:
        case PacketType::Pubcomp: return acknowledged(wire, header, body, end);
        default: return;
    }
}

void TrafficRun::delivered(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end) {
    if (header & 6) acknowledge(wire, header, body);
    Stamp stamp;
    if (end - body < options_.payload_size) return;
    std::memcpy(&stamp, end - options_.payload_size, sizeof stamp);
    if (stamp.run != run_ || stamp.publisher >= publisher_count_) return;
    const uint32_t subscriber = wire.index - publisher_count_;
    StreamCheck& stream =
        streams_[is_pairs_ ? stamp.publisher : size_t{subscriber} * publisher_count_ + stamp.publisher];
    if (!stream.received(stamp.sequence, result_.faults)) return;
    ++new_deliveries_;
    result_.latency.record(arrival_ns_ - stamp.sent_at_ns);
    Publisher& publisher = publishers_[stamp.publisher];
    if (stamp.sequence < publisher.given_up) --given_up_;
    if (!is_open_loop_) complete(publisher, stamp.sequence);
}

// PUBACK or PUBREC for a PUBLISH.
void TrafficRun::acknowledge(Wire& wire, uint8_t header, const uint8_t* body) {
    const size_t topic_size = static_cast<size_t>(body[0]) << 8 | body[1];
    answer(wire, (header & 6) == 2 ? 0x40 : 0x50, body + 2 + topic_size);
}

void TrafficRun::answer(Wire& wire, uint8_t header, const uint8_t* identifier) {
    const char packet[] = {static_cast<char>(header), 2, static_cast<char>(identifier[0]),
                           static_cast<char>(identifier[1])};
    wire.output.append(packet, sizeof packet);
    fleet_.mark(wire);
}

void TrafficRun::acknowledged(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end) {
    const bool is_error = end - body > 2 && body[2] >= 0x80;
    if (is_error) ++result_.refused;
    if (header == 0x50 && !is_error) return answer(wire, 0x62, body);
    ++acknowledgements_;
    Publisher& publisher = publishers_[wire.index];
    const uint64_t slot = static_cast<uint64_t>(body[0] << 8 | body[1]) - 1;
    // The newest message with this Packet Identifier.
    const uint64_t sequence = publisher.next - 1 - ((publisher.next - 1 - slot) & slot_mask_);
    complete(publisher, sequence);
}

void TrafficRun::complete(Publisher& publisher, uint64_t sequence) {
    // An answer to what was given up.
    if (sequence < publisher.completed || sequence >= publisher.next) return;
    uint32_t& missing = publisher.missing[sequence & slot_mask_];
    if (missing == 0 || --missing != 0) return;
    while (publisher.completed < publisher.next && publisher.missing[publisher.completed & slot_mask_] == 0)
        ++publisher.completed;
    if (publisher.is_ready) return;
    publisher.is_ready = true;
    ready_.push_back(publisher.wire);
}

}  // namespace runnel::ctl
