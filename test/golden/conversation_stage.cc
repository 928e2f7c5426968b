// SPDX-License-Identifier: Apache-2.0
#include "test/golden/conversation_stage.h"

#include <array>

namespace runnel::test {
namespace {

// Asks, and lets in who knows the answer.
class Riddle : public api::AuthenticationExchange {
public:
    api::AuthenticationStep step(std::string_view authentication_data) override {
        using Next = api::AuthenticationStep::Next;
        if (authentication_data.empty()) return {Next::Continue, "2+3", {}};
        if (authentication_data != "5") return {Next::Refused, {}, {}};
        return {Next::Accepted, "right", {.reason = mqtt::ReasonCode::Success, .identity = {}, .why = {}}};
    }
};

class OpenDoor : public api::Authenticator {
public:
    api::AuthenticationOutcome check(const api::Credentials&) const override {
        return {.reason = mqtt::ReasonCode::Success, .identity = {}, .why = {}};
    }
    std::optional<api::AuthenticationOutcome> quick_check(const api::Credentials& credentials) const override {
        return check(credentials);
    }
    std::unique_ptr<api::AuthenticationExchange> begin(std::string_view method, const api::Credentials&,
                                                       std::string_view) const override {
        return method == "riddle" ? std::make_unique<Riddle>() : nullptr;
    }
};

class NoRules : public api::AccessControl {
public:
    bool may_publish(const api::AccessSubject&, std::string_view) const override { return true; }
    bool may_subscribe(const api::AccessSubject&, std::string_view) const override { return true; }
    bool may_receive(const api::AccessSubject&, std::string_view) const override { return true; }
    bool checks_delivery() const override { return false; }
    bool is_admin(const api::AccessSubject&) const override { return true; }
};

std::span<const uint8_t> octets(std::string_view bytes) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

class ConversationStage::Quiet : public LogSink {
public:
    void write(LogLevel, std::string_view, std::span<const LogField>) override {}
    LogLevel level() const override { return LogLevel::Packets; }
};

class ConversationStage::Numbers : public SecretSource {
public:
    uint64_t next() override { return ++last_; }

private:
    uint64_t last_ = 0;
};

ConversationStage::ConversationStage(const shard::Settings& settings, uint32_t shards)
    : log_(std::make_unique<Quiet>()), secrets_(std::make_unique<Numbers>()) {
    const auto door = std::make_shared<OpenDoor>();
    const auto rules = std::make_shared<NoRules>();
    for (uint32_t index = 0; index < shards; ++index)
        shards_.push_back(std::make_unique<shard::Shard>(
            shard::Environment{
                settings, {shards, 7}, index, index + 1, *secrets_, counters_.emplace_back(), *log_, door, rules},
            now_));
}

ConversationStage::~ConversationStage() = default;

void ConversationStage::open(const std::string& name) {
    connections_[name] = {0, shards_[0]->connection_opened({name, true}, now_)};
    settle();
}

void ConversationStage::send(const std::string& name, std::string_view bytes) {
    const Place place = connections_.at(name);
    shards_[place.shard]->bytes_received(place.id, octets(bytes), now_);
    settle();
}

void ConversationStage::cut(const std::string& name) {
    const Place place = connections_.at(name);
    shards_[place.shard]->connection_lost(place.id, now_);
    settle();
}

// In steps, so that every timer finds its own time.
void ConversationStage::wait(Duration span) {
    constexpr Duration kStep{10};
    const Time end = now_ + span;
    while (now_ < end) {
        now_ = std::min(end, now_ + kStep);
        settle();
    }
}

void ConversationStage::settle() {
    bool busy = true;
    while (busy) {
        busy = false;
        for (uint32_t index = 0; index < shards_.size(); ++index)
            busy |= take_turn(index);
    }
}

// Whether anything happened.
bool ConversationStage::take_turn(uint32_t index) {
    shards_[index]->time_advanced(now_);
    const bool wrote = write(index);
    return carry_out_effects(index) || wrote;
}

bool ConversationStage::write(uint32_t index) {
    bool wrote = false;
    while (true) {
        const std::vector<shard::ConnectionId> writes = shards_[index]->take_writes();
        if (writes.empty()) break;
        for (const shard::ConnectionId id : writes) {
            std::array<std::string_view, 64> pieces;
            for (size_t count; (count = shards_[index]->gather_output(id, pieces)) != 0;) {
                size_t size = 0;
                for (size_t i = 0; i < count; ++i) {
                    if (const std::string* name = name_of(index, id)) received_[*name] += pieces[i];
                    size += pieces[i].size();
                }
                shards_[index]->output_written(id, size, false, now_);
            }
        }
        wrote = true;
    }
    shards_[index]->writes_done();
    return wrote;
}

bool ConversationStage::carry_out_effects(uint32_t index) {
    shard::Effects& effects = shards_[index]->effects();
    bool any = !effects.closes.empty();
    for (const auto& hand_over : effects.hand_overs) {
        any = true;
        const std::string name = *name_of(index, hand_over.connection);
        shard::Shard& owner = *shards_[hand_over.owner];
        const shard::ConnectionId id = owner.connection_opened(hand_over.address, now_);
        connections_[name] = {hand_over.owner, id};
        owner.bytes_received(id, octets(hand_over.bytes), now_);
    }
    for (const shard::ConnectionId id : effects.closes)
        if (const std::string* name = name_of(index, id)) connections_.erase(std::string(*name));
    for (uint32_t peer = 0; peer < effects.tells.size(); ++peer) {
        if (effects.tells[peer].empty()) continue;
        any = true;
        shards_[peer]->peer_messages_received(index, std::exchange(effects.tells[peer], {}), now_);
    }
    shards_[index]->effects_done();
    return any;
}

const std::string* ConversationStage::name_of(uint32_t index, shard::ConnectionId id) const {
    for (const auto& [name, place] : connections_)
        if (place.shard == index && place.id == id) return &name;
    return nullptr;
}

}  // namespace runnel::test
