// SPDX-License-Identifier: Apache-2.0
#include "broker/server/history_keeper.h"

#include <algorithm>

#include "broker/history/keys.h"

namespace runnel::server {

using api::HistoryId;
using history::KeyKind;

namespace {

constexpr size_t kRecordsAtOnce = 5'000;
// A message may reach the store this much later than its time: only what is older is counted.
constexpr int64_t kSettledMs = 10'000;
// Ranges are erased in pieces no smaller than this: each leaves a mark of its own in the store for a while.
constexpr int64_t kEraseMinMs = 60'000;

}  // namespace

HistoryKeeper::HistoryKeeper(storage::Store& store, const std::vector<history::Rule>& rules) : store_(store) {
    for (const history::Rule& rule : rules)
        add_rule(rule, true);
    const std::string begin(1, static_cast<char>(KeyKind::Rule));
    const auto cursor = store.scan(begin, history::end_of_prefix(begin));
    for (; cursor->valid(); cursor->next()) {
        const auto mark = history::decode_mark(cursor->value());
        if (!mark) continue;
        history::Rule rule;
        rule.filter = history::rule_in(cursor->key());
        rule.keep.ms = mark->keep_ms;
        rule.keep_buckets.ms = mark->keep_buckets_ms;
        rule.max_bytes = mark->max_bytes;
        add_rule(rule, false);
    }
    outcome_ = cursor->outcome();
}

// A rule that is configured wins over what its mark says.
void HistoryKeeper::add_rule(const history::Rule& rule, bool is_configured) {
    for (const Kept& other : rules_)
        if (other.rule.filter == rule.filter) return;
    Kept kept;
    kept.rule = rule;
    std::string record;
    bool found = false;
    outcome_ = store_.get(history::prefix_of(KeyKind::Rule, rule.filter), record, found);
    if (const auto mark = found ? history::decode_mark(record) : std::nullopt) kept.mark = *mark;
    kept.mark_changed = is_configured && (kept.mark.keep_ms != rule.keep.ms || kept.mark.max_bytes != rule.max_bytes ||
                                          kept.mark.keep_buckets_ms != rule.keep_buckets.ms);
    kept.mark.keep_ms = rule.keep.ms;
    kept.mark.keep_buckets_ms = rule.keep_buckets.ms;
    kept.mark.max_bytes = rule.max_bytes;
    if (rule.max_bytes == 0) kept.mark.counts = false;
    rules_.push_back(std::move(kept));
}

bool HistoryKeeper::step(int64_t now_ms) {
    bool has_more = false;
    for (Kept& kept : rules_) {
        Kept next = kept;
        storage::WriteBatch batch;
        outcome_ = {};
        const bool more = step_messages(next, now_ms, batch);
        step_buckets(next, now_ms, batch);
        if (outcome_ && next.mark_changed) {
            std::string record;
            encode(next.mark, record);
            batch.put(history::prefix_of(KeyKind::Rule, next.rule.filter), record);
            next.mark_changed = false;
        }
        if (outcome_ && !batch.empty()) outcome_ = store_.apply(batch, storage::Durability::Written);
        if (!outcome_) return false;
        has_more |= more;
        kept = std::move(next);
    }
    return has_more;
}

bool HistoryKeeper::step_messages(Kept& kept, int64_t now_ms, storage::WriteBatch& batch) {
    const std::string& rule = kept.rule.filter;
    const int64_t cutoff_ms = now_ms - kept.rule.keep.ms;
    const HistoryId before = kept.first;
    bool has_more = false;
    if (kept.rule.max_bytes == 0) {
        const int64_t piece = std::min(kEraseMinMs, kept.rule.keep.ms / 10);
        if (cutoff_ms - kept.first.time_ms >= piece) kept.first = {cutoff_ms, 0};
    } else {
        if (!kept.mark.counts) {
            kept.mark.counts = true;
            kept.mark.counted_to = {};
            kept.mark.bytes = 0;
            kept.mark_changed = true;
        }
        has_more = !count_new(kept, {now_ms - kSettledMs, 0}).reached_end;
        has_more |= !erase_old(kept, cutoff_ms).reached_end;
        const int64_t passed_ms = std::min(cutoff_ms, now_ms - kSettledMs);
        if (!has_more && passed_ms - kept.first.time_ms >= kEraseMinMs) kept.first = {passed_ms, 0};
    }
    if (kept.first == before) return has_more;
    batch.erase_range(history::message_key(rule, {}), history::message_key(rule, kept.first));
    batch.erase_range(history::day_key(rule, 0), history::day_key(rule, kept.first.time_ms));
    return has_more;
}

HistoryKeeper::Passed HistoryKeeper::count_new(Kept& kept, HistoryId end) {
    Passed passed;
    if (end <= kept.mark.counted_to) return {0, true};
    const std::string& rule = kept.rule.filter;
    const auto cursor = store_.scan(history::message_key(rule, kept.mark.counted_to), history::message_key(rule, end));
    for (; cursor->valid() && passed.records < kRecordsAtOnce; cursor->next(), ++passed.records) {
        const HistoryId id = history::id_at_end(cursor->key()).value_or(HistoryId{});
        kept.mark.bytes += cursor->key().size() + cursor->value().size();
        kept.mark.counted_to = {id.time_ms, id.number + 1};
    }
    if (!cursor->outcome()) outcome_ = cursor->outcome();
    kept.mark_changed |= passed.records != 0;
    passed.reached_end = !cursor->valid();
    return passed;
}

// Of what was counted, the oldest goes while there is too much or it is too old.
HistoryKeeper::Passed HistoryKeeper::erase_old(Kept& kept, int64_t cutoff_ms) {
    Passed passed;
    const std::string& rule = kept.rule.filter;
    const auto cursor =
        store_.scan(history::message_key(rule, kept.first), history::message_key(rule, kept.mark.counted_to));
    for (; cursor->valid() && passed.records < kRecordsAtOnce; cursor->next(), ++passed.records) {
        const HistoryId id = history::id_at_end(cursor->key()).value_or(HistoryId{});
        if (kept.mark.bytes <= kept.rule.max_bytes && id.time_ms >= cutoff_ms) break;
        kept.mark.bytes -= std::min<uint64_t>(kept.mark.bytes, cursor->key().size() + cursor->value().size());
        kept.first = {id.time_ms, id.number + 1};
    }
    if (!cursor->outcome()) outcome_ = cursor->outcome();
    kept.mark_changed |= passed.records != 0;
    passed.reached_end = passed.records < kRecordsAtOnce;
    return passed;
}

void HistoryKeeper::step_buckets(Kept& kept, int64_t now_ms, storage::WriteBatch& batch) const {
    const int64_t cutoff_ms = now_ms - kept.rule.keep_buckets.ms;
    const int64_t piece = std::min(kEraseMinMs, kept.rule.keep_buckets.ms / 10);
    if (cutoff_ms - kept.buckets_erased_to < piece) return;
    for (size_t i = 0; i < history::kResolutionCount; ++i)
        batch.erase_range(history::bucket_start_key(kept.rule.filter, i, 0),
                          history::bucket_start_key(kept.rule.filter, i, cutoff_ms - history::kResolutions[i]));
    kept.buckets_erased_to = cutoff_ms;
}

}  // namespace runnel::server
