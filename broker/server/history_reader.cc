// SPDX-License-Identifier: Apache-2.0
#include "broker/server/history_reader.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "broker/history/keys.h"
#include "broker/history/record.h"
#include "broker/mqtt/topic.h"

namespace runnel::server {

using api::HistoryId;
using history::KeyKind;
using storage::Cursor;
using storage::Store;

namespace {

// Records that one question looks at, whether they are wanted or not.
constexpr size_t kLookedAtMax = 20'000;

bool is_any_wanted(const std::vector<std::string>& filters, std::string_view topic) {
    return std::ranges::any_of(filters, [&](const std::string& filter) { return mqtt::matches(filter, topic); });
}

// The topics, if the filters are nothing else.
std::set<std::string> exact_topics(const std::vector<std::string>& filters) {
    if (std::ranges::any_of(filters, [](const std::string& filter) { return mqtt::has_wildcard(filter); })) return {};
    return {filters.begin(), filters.end()};
}

// The rules that have something in the store and may keep what is wanted: also those that are no longer configured.
std::vector<std::string> rules_of(Store& store, KeyKind kind, const std::vector<std::string>& filters,
                                  std::string& failure) {
    std::vector<std::string> rules;
    const std::string end = history::end_of_prefix(std::string(1, static_cast<char>(kind)));
    std::string at(1, static_cast<char>(kind));
    while (true) {
        const auto cursor = store.scan(at, end);
        if (!cursor->outcome()) failure = cursor->outcome().text();
        if (!cursor->valid()) return rules;
        const std::string rule(history::rule_in(cursor->key()));
        if (std::ranges::any_of(filters, [&](const std::string& one) { return mqtt::overlaps(one, rule); }))
            rules.push_back(rule);
        at = history::end_of_prefix(history::prefix_of(kind, rule));
    }
}

// Messages in the order of their ids.
class Source {
public:
    virtual ~Source() = default;
    virtual bool valid() const = 0;
    virtual HistoryId id() const = 0;
    virtual void next() = 0;
    // False if it has gone meanwhile.
    virtual bool read(std::string& record) = 0;
    virtual storage::Outcome outcome() const = 0;
};

// All that one rule keeps.
class RuleSource : public Source {
public:
    RuleSource(Store& store, std::string_view rule, HistoryId begin, HistoryId end)
        : cursor_(store.scan(history::message_key(rule, begin), history::message_key(rule, end))) {}
    bool valid() const override { return cursor_->valid(); }
    HistoryId id() const override { return history::id_at_end(cursor_->key()).value_or(HistoryId{}); }
    void next() override { cursor_->next(); }
    bool read(std::string& record) override {
        record = cursor_->value();
        return true;
    }
    storage::Outcome outcome() const override { return cursor_->outcome(); }

private:
    std::unique_ptr<Cursor> cursor_;
};

// What one rule keeps of one topic, day by day.
class TopicSource : public Source {
public:
    TopicSource(Store& store, std::string_view rule, std::string_view topic, HistoryId begin, HistoryId end)
        : store_(store), rule_(rule), topic_(topic), begin_(begin), end_(end) {
        const std::string first = history::message_key(rule, begin);
        const std::string last = history::message_key(rule, end);
        const auto oldest = store.scan(first, last);
        const auto newest = store.scan(first, last, true);
        if (!oldest->valid() || !newest->valid()) {
            outcome_ = oldest->outcome();
            return;
        }
        day_ = history::id_at_end(oldest->key())->time_ms / history::kDayMs;
        last_day_ = history::id_at_end(newest->key())->time_ms / history::kDayMs;
        open_day();
    }
    bool valid() const override { return cursor_ && cursor_->valid(); }
    HistoryId id() const override { return history::id_at_end(cursor_->key()).value_or(HistoryId{}); }
    void next() override {
        cursor_->next();
        if (cursor_->valid() || !cursor_->outcome()) return;
        ++day_;
        open_day();
    }
    bool read(std::string& record) override {
        bool found = false;
        outcome_ = store_.get(history::message_key(rule_, id()), record, found);
        return found;
    }
    storage::Outcome outcome() const override { return cursor_ && outcome_ ? cursor_->outcome() : outcome_; }

private:
    // The first day from day_ on that has something.
    void open_day() {
        for (; day_ <= last_day_; ++day_) {
            const std::string prefix = history::topic_day_prefix(rule_, day_ * history::kDayMs, topic_);
            const std::string begin = std::max(prefix, history::topic_key(rule_, topic_, begin_));
            const std::string end = std::min(history::end_of_prefix(prefix), history::topic_key(rule_, topic_, end_));
            cursor_ = store_.scan(begin, end);
            if (cursor_->valid() || !cursor_->outcome()) return;
        }
    }

    Store& store_;
    std::string rule_;
    std::string topic_;
    HistoryId begin_;
    HistoryId end_;
    int64_t day_ = 0;
    int64_t last_day_ = -1;
    std::unique_ptr<Cursor> cursor_;
    storage::Outcome outcome_;
};

using Sources = std::vector<std::unique_ptr<Source>>;

Sources sources_of(Store& store, const api::HistoryQuery& query, std::string& failure) {
    HistoryId begin{query.from_ms, 0};
    if (query.after) begin = std::max(begin, {query.after->time_ms, query.after->number + 1});
    const HistoryId end{query.to_ms, 0};
    Sources sources;
    if (begin >= end) return sources;
    const std::set<std::string> topics = exact_topics(query.filters);
    for (const std::string& rule : rules_of(store, KeyKind::Message, query.filters, failure)) {
        if (topics.empty()) sources.push_back(std::make_unique<RuleSource>(store, rule, begin, end));
        for (const std::string& topic : topics)
            if (mqtt::matches(rule, topic))
                sources.push_back(std::make_unique<TopicSource>(store, rule, topic, begin, end));
    }
    return sources;
}

Source* oldest_of(const Sources& sources) {
    Source* oldest = nullptr;
    for (const auto& source : sources)
        if (source->valid() && (oldest == nullptr || source->id() < oldest->id())) oldest = source.get();
    return oldest;
}

void add_message(api::HistoryPage& page, const api::HistoryQuery& query, HistoryId id, std::string_view record,
                 size_t& bytes) {
    const auto topic = history::topic_of(record);
    if (!topic || !is_any_wanted(query.filters, *topic)) return;
    auto message = history::decode_message(id, record);
    if (!message) return;
    bytes += record.size();
    page.messages.push_back(*std::move(message));
}

}  // namespace

api::HistoryPage HistoryReader::messages(const api::HistoryQuery& query) const {
    api::HistoryPage page;
    const Sources sources = sources_of(store_, query, page.failure);
    std::string record;
    size_t looked_at = 0;
    size_t bytes = 0;
    while (Source* source = oldest_of(sources)) {
        const HistoryId id = source->id();
        if (source->read(record)) add_message(page, query, id, record, bytes);
        if (page.messages.size() >= query.count_max || bytes >= query.bytes_max || ++looked_at >= kLookedAtMax) {
            page.next = id;
            break;
        }
        source->next();
    }
    for (const auto& source : sources)
        if (const auto outcome = source->outcome(); !outcome) page.failure = outcome.text();
    return page;
}

namespace {

// Puts the buckets of one span of time together from what is stored.
class BucketSpan {
public:
    BucketSpan(Store& store, const api::BucketQuery& query, std::string& failure)
        : store_(store), query_(query), failure_(failure), topics_(exact_topics(query.filters)) {
        for (size_t i = 0; i < history::kResolutionCount; ++i)
            if (query.every_ms % history::kResolutions[i] == 0) resolution_ = i;
        rules_ = rules_of(store, KeyKind::Bucket, query.filters, failure);
    }

    // The start of the first span from this one on that has anything.
    std::optional<int64_t> first_from(int64_t start_ms) {
        std::optional<int64_t> first;
        for (const std::string& rule : rules_) {
            const auto cursor = store_.scan(history::bucket_start_key(rule, resolution_, start_ms),
                                            history::bucket_start_key(rule, resolution_ + 1, 0));
            note(*cursor);
            if (!cursor->valid()) continue;
            const auto name = history::bucket_name(cursor->key(), rule);
            if (name && (!first || name->start_ms < *first)) first = name->start_ms;
        }
        return first ? std::optional(*first - *first % query_.every_ms) : std::nullopt;
    }

    std::map<std::string, history::BucketPart> read(int64_t start_ms) {
        parts_.clear();
        const int64_t end_ms = start_ms + query_.every_ms;
        for (const std::string& rule : rules_) {
            if (topics_.empty())
                add_range(rule, history::bucket_start_key(rule, resolution_, start_ms),
                          history::bucket_start_key(rule, resolution_, end_ms));
            for (const std::string& topic : topics_)
                if (mqtt::matches(rule, topic)) add_topic(rule, topic, start_ms, end_ms);
        }
        return std::move(parts_);
    }
    size_t looked_at() const { return looked_at_; }

private:
    void add_topic(const std::string& rule, const std::string& topic, int64_t start_ms, int64_t end_ms) {
        for (; start_ms < end_ms; start_ms += history::kResolutions[resolution_]) {
            std::string begin = history::bucket_start_key(rule, resolution_, start_ms);
            begin.append(topic).push_back('\0');
            add_range(rule, begin, history::end_of_prefix(begin));
            ++looked_at_;
        }
    }

    void add_range(const std::string& rule, const std::string& begin, const std::string& end) {
        const auto cursor = store_.scan(begin, end);
        for (; cursor->valid(); cursor->next()) {
            ++looked_at_;
            const auto name = history::bucket_name(cursor->key(), rule);
            if (!name || !is_any_wanted(query_.filters, name->topic)) continue;
            if (const auto part = history::decode_bucket(cursor->value())) parts_[std::string(name->topic)].add(*part);
        }
        note(*cursor);
    }

    void note(const Cursor& cursor) {
        if (const auto outcome = cursor.outcome(); !outcome) failure_ = outcome.text();
    }

    Store& store_;
    const api::BucketQuery& query_;
    std::string& failure_;
    std::set<std::string> topics_;
    std::vector<std::string> rules_;
    size_t resolution_ = 0;
    std::map<std::string, history::BucketPart> parts_;
    size_t looked_at_ = 0;
};

// Behind every topic of its start.
api::BucketPlace end_of(int64_t start_ms) {
    return {start_ms, "\xFF"};
}

// True when the page is full.
bool add_buckets(api::BucketPage& page, const api::BucketQuery& query, int64_t start_ms,
                 const std::map<std::string, history::BucketPart>& parts) {
    for (const auto& [topic, part] : parts) {
        const api::BucketPlace place{start_ms, topic};
        if (query.after && place <= *query.after) continue;
        page.buckets.push_back({topic, start_ms, part.count, part.min, part.max, part.sum, part.last});
        if (page.buckets.size() < query.count_max) continue;
        page.next = place;
        return true;
    }
    return false;
}

}  // namespace

api::BucketPage HistoryReader::buckets(const api::BucketQuery& query) const {
    api::BucketPage page;
    const int64_t every_ms = query.every_ms;
    if (every_ms <= 0 || every_ms % api::BucketQuery::kBucketMin != 0) {
        page.failure = "buckets are multiples of 10 s";
        return page;
    }
    const int64_t from_ms = std::max<int64_t>(query.from_ms, 0);
    int64_t start_ms = from_ms + (every_ms - from_ms % every_ms) % every_ms;
    if (query.after) start_ms = std::max(start_ms, query.after->start_ms);
    BucketSpan span(store_, query, page.failure);
    while (page.failure.empty()) {
        const auto first = span.first_from(start_ms);
        if (!first || *first >= query.to_ms) break;
        start_ms = std::max(start_ms, *first);
        if (add_buckets(page, query, start_ms, span.read(start_ms))) break;
        if (span.looked_at() >= kLookedAtMax) {
            page.next = end_of(start_ms);
            break;
        }
        start_ms += every_ms;
    }
    return page;
}

}  // namespace runnel::server
