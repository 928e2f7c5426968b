// SPDX-License-Identifier: Apache-2.0
#include "broker/history/recorder.h"

#include "broker/history/json_number.h"
#include "broker/mqtt/topic.h"

namespace runnel::history {

const Rule* Recorder::rule_for(std::string_view topic) const {
    if (topic.starts_with('$')) return nullptr;
    for (const Rule& rule : rules_)
        if (mqtt::matches(rule.filter, topic)) return &rule;
    return nullptr;
}

// The time of the key is that of the message: `now` does not go back, and so neither do the ids.
api::HistoryId Recorder::next_id(Time now) {
    const int64_t time_ms = clock_.wall_ms(now);
    counter_ = time_ms == last_.time_ms ? counter_ + 1 : 1;
    last_ = {time_ms, uint64_t{counter_} << 32 | writer_};
    return last_;
}

api::HistoryId Recorder::record(const Rule& rule, const mqtt::ApplicationMessage::Fields& message, Time now,
                                storage::WriteBatch& batch) {
    const api::HistoryId id = next_id(now);
    record_.clear();
    encode(message, record_);
    batch.put(message_key(rule.filter, id), record_);
    batch.put(topic_key(rule.filter, message.topic, id), {});
    if (const auto value = number_at(message.payload, rule.value)) count(rule, message.topic, *value, id, batch);
    return id;
}

void Recorder::count(const Rule& rule, std::string_view topic, double value, api::HistoryId id,
                     storage::WriteBatch& batch) {
    auto at = series_.find(topic);
    if (at == series_.end()) {
        if (series_.size() >= kSeriesMax) {
            end_turn(batch);
            series_.clear();
        }
        at = series_.emplace(std::string(topic), Series{}).first;
        at->second.topic = at->first;
        at->second.rule = &rule;
    }
    Series& series = at->second;
    for (size_t i = 0; i < kResolutionCount; ++i) {
        OpenBucket& bucket = series.buckets[i];
        const int64_t start_ms = id.time_ms - id.time_ms % kResolutions[i];
        if (bucket.start_ms != start_ms) {
            if (series.is_listed && bucket.start_ms >= 0) write(series, bucket, i, batch);
            bucket = {start_ms, id, {}};
        }
        bucket.part.add(value, id);
    }
    if (series.is_listed) return;
    series.is_listed = true;
    changed_.push_back(&series);
}

void Recorder::write(const Series& series, const OpenBucket& bucket, size_t resolution, storage::WriteBatch& batch) {
    record_.clear();
    encode(bucket.part, record_);
    batch.put(bucket_key(series.rule->filter, resolution, bucket.start_ms, series.topic, bucket.first), record_);
}

void Recorder::end_turn(storage::WriteBatch& batch) {
    for (Series* series : changed_) {
        series->is_listed = false;
        for (size_t i = 0; i < kResolutionCount; ++i)
            write(*series, series->buckets[i], i, batch);
    }
    changed_.clear();
}

void Recorder::keep_house(Time now) {
    const int64_t now_ms = clock_.wall_ms(now);
    std::erase_if(series_, [&](const auto& one) {
        const OpenBucket& longest = one.second.buckets[kResolutionCount - 1];
        return !one.second.is_listed && longest.start_ms + kResolutions[kResolutionCount - 1] <= now_ms;
    });
}

}  // namespace runnel::history
