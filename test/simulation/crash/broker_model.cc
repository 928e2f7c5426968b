// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/crash/broker_model.h"

#include <array>

namespace runnel::simulation {

BrokerModel::BrokerModel(Options options, Chance& chance, LogSink& log)
    : options_(std::move(options)), chance_(chance), log_(log), secrets_(chance.next()) {
    start(options_.shards);
}

void BrokerModel::start(uint32_t shards) {
    const shard::Placement placement{shards, chance_.next()};
    const auto doorkeeper = std::make_shared<Doorkeeper>();
    const auto rules = std::make_shared<HouseRules>(false);
    shards_.clear();
    counters_.clear();
    std::vector<shard::Shard*> all;
    for (shard::PeerIndex index = 0; index < shards; ++index) {
        counters_.push_back(std::make_unique<Counters>());
        shards_.push_back(std::make_unique<shard::Shard>(
            shard::Environment{options_.settings, placement, index, chance_.next(), secrets_, *counters_.back(), log_,
                               doorkeeper, rules, true, session::WallClock{1'700'000'000'000}},
            now_));
        all.push_back(shards_.back().get());
    }
    mail_.assign(shards, std::vector<std::deque<shard::PeerMessages>>(shards));
    shard::Recovery recovery(all, now_);
    for (const session::StoredKind kind : shard::Recovery::kOrder) {
        const auto cursor = store_.scan(session::stored_key(kind, {}), session::end_of(kind));
        for (; cursor->valid(); cursor->next())
            RUNNEL_CHECK(recovery.add(kind, cursor->key(), cursor->value()));
    }
    recovery.finish();
    RUNNEL_CHECK(store_.apply(recovery.take_batch(), storage::Durability::Synced));
    recovered_ += recovery.found().deliveries;
}

void BrokerModel::crash(Crash kind, uint32_t shards) {
    submissions_.clear();
    reads_.clear();
    for (Wire& wire : wires_)
        wire.is_open = false;
    store_.fail_applies(0, {});
    fails_ = false;
    const size_t on_disk = store_.unsynced_batches() == 0 ? 0 : chance_.below(store_.unsynced_batches() + 1);
    if (kind == Crash::Power)
        store_.forget(storage::Durability::Synced, on_disk);
    else
        store_.forget(storage::Durability::Written);
    now_ = now_ + Duration{chance_.between(0, 500)};
    start(shards);
}

template <class Input>
void BrokerModel::turn(shard::PeerIndex index, Input input) {
    shard::Shard& shard = *shards_[index];
    input(shard);
    shard.time_advanced(now_);
    flush(index);
    do {
        shard.end_turn(now_);
        flush(index);
        carry_out_effects(index);
    } while (shard.has_changes());
}

void BrokerModel::flush(shard::PeerIndex index) {
    shard::Shard& shard = *shards_[index];
    while (true) {
        const auto writes = shard.take_writes();
        if (writes.empty()) break;
        for (const shard::ConnectionId id : writes) {
            Wire* wire = find(index, id);
            std::array<std::string_view, 64> pieces;
            for (size_t count = shard.gather_output(id, pieces); count != 0; count = shard.gather_output(id, pieces)) {
                size_t size = 0;
                for (size_t i = 0; i < count; ++i) {
                    if (wire != nullptr) wire->to_client += pieces[i];
                    size += pieces[i].size();
                }
                shard.output_written(id, size, false, now_);
            }
        }
    }
    shard.writes_done();
}

void BrokerModel::carry_out_effects(shard::PeerIndex index) {
    shard::Effects& effects = shards_[index]->effects();
    for (const shard::ConnectionId id : effects.closes)
        if (Wire* wire = find(index, id)) wire->is_open = false;
    if (effects.store) {
        submissions_.push_back({index, std::move(*effects.store)});
        effects.store.reset();
        if (options_.is_planted_early) {
            const shard::StoreTicket ticket = submissions_.back().store.ticket;
            shards_[index]->batch_stored(ticket, now_);
        }
    }
    for (shard::PeerIndex to = 0; to < effects.tells.size(); ++to)
        if (!effects.tells[to].empty()) mail_[to][index].push_back(std::exchange(effects.tells[to], {}));
    for (shard::Effects::Read& asked : effects.reads)
        reads_.push_back({index, std::move(asked)});
    effects.reads.clear();
    const auto moves = std::exchange(effects.hand_overs, {});
    shards_[index]->effects_done();
    for (const auto& move : moves) {
        Wire* wire = find(index, move.connection);
        if (wire == nullptr) continue;
        turn(move.owner, [&](shard::Shard& owner) {
            wire->shard = move.owner;
            wire->id = owner.connection_opened(move.address, now_);
            owner.bytes_received(wire->id, {reinterpret_cast<const uint8_t*>(move.bytes.data()), move.bytes.size()},
                                 now_);
        });
    }
}

Wire* BrokerModel::find(shard::PeerIndex shard, shard::ConnectionId id) {
    for (Wire& wire : wires_)
        if (wire.is_open && wire.shard == shard && wire.id == id) return &wire;
    return nullptr;
}

Wire* BrokerModel::connect() {
    Wire& wire = wires_.emplace_back();
    wire.shard = static_cast<shard::PeerIndex>(chance_.below(shards_.size()));
    turn(wire.shard, [&](shard::Shard& shard) { wire.id = shard.connection_opened({"model", true}, now_); });
    return &wire;
}

void BrokerModel::send(Wire& wire, std::string_view bytes) {
    if (!wire.is_open) return;
    turn(wire.shard, [&](shard::Shard& shard) {
        shard.bytes_received(wire.id, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now_);
    });
}

void BrokerModel::cut(Wire& wire) {
    if (!std::exchange(wire.is_open, false)) return;
    turn(wire.shard, [&](shard::Shard& shard) { shard.connection_lost(wire.id, now_); });
}

bool BrokerModel::deliver_mail() {
    if (!reads_.empty() && (chance_.percent(50) || !is_mail_waiting())) return answer_read();
    std::vector<std::pair<shard::PeerIndex, shard::PeerIndex>> waiting;
    for (shard::PeerIndex to = 0; to < mail_.size(); ++to)
        for (shard::PeerIndex from = 0; from < mail_.size(); ++from)
            if (!mail_[to][from].empty()) waiting.emplace_back(to, from);
    if (waiting.empty()) return false;
    const auto [to, from] = chance_.one_of(waiting);
    shard::PeerMessages messages = std::move(mail_[to][from].front());
    mail_[to][from].pop_front();
    turn(to, [&](shard::Shard& shard) { shard.peer_messages_received(from, std::move(messages), now_); });
    return true;
}

bool BrokerModel::is_mail_waiting() const {
    for (const auto& to : mail_)
        for (const auto& from : to)
            if (!from.empty()) return true;
    return false;
}

// As much as was asked for, or less; at least one record.
bool BrokerModel::answer_read() {
    const auto [index, asked] = std::move(reads_.front());
    reads_.pop_front();
    shard::DeliveriesRead answer{asked.session, asked.generation, asked.end_number, false, false, {}};
    const uint64_t limit = 1 + chance_.below(4);
    for (const auto cursor = store_.scan(asked.begin, asked.end); cursor->valid(); cursor->next()) {
        answer.has_more = answer.records.size() == limit;
        if (answer.has_more) break;
        answer.records.emplace_back(cursor->key(), cursor->value());
    }
    turn(index, [&](shard::Shard& shard) { shard.deliveries_read(answer, now_); });
    return true;
}

// Group commit: what was submitted first, in one write.
bool BrokerModel::commit_some() {
    if (submissions_.empty()) return false;
    storage::WriteBatch merged;
    std::vector<shard::StoreTicket> last(shards_.size());
    auto durability = storage::Durability::Written;
    const uint64_t taken = 1 + chance_.below(submissions_.size());
    for (uint64_t i = 0; i < taken; ++i) {
        merged.append(submissions_[i].store.batch);
        durability = std::max(durability, submissions_[i].store.durability);
        last[submissions_[i].shard] = submissions_[i].store.ticket;
    }
    const storage::Outcome outcome = store_.apply(merged, durability);
    const bool changed = fails_ == static_cast<bool>(outcome);
    fails_ = !outcome;
    if (outcome) submissions_.erase(submissions_.begin(), submissions_.begin() + static_cast<ptrdiff_t>(taken));
    for (shard::PeerIndex index = 0; index < shards_.size(); ++index)
        turn(index, [&](shard::Shard& shard) {
            if (outcome && last[index] != 0) shard.batch_stored(last[index], now_);
            if (changed) shard.store_refuses(fails_ ? "full" : "", now_);
        });
    return true;
}

void BrokerModel::fail_commits(uint64_t count) {
    store_.fail_applies(count, {storage::Outcome::Kind::DiskFull, "full"});
}

void BrokerModel::advance(int64_t ms) {
    now_ = now_ + Duration{ms};
    for (shard::PeerIndex index = 0; index < shards_.size(); ++index)
        turn(index, [](shard::Shard&) {});
}

}  // namespace runnel::simulation
