// SPDX-License-Identifier: Apache-2.0
// Retained Messages against a map that is searched with mqtt::matches.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "broker/mqtt/topic.h"
#include "broker/routing/retained_messages.h"
#include "test/unit/routing/random_topics.h"

using namespace runnel;
using namespace runnel::routing;
using Stored = RetainedMessages::Stored;

namespace {

constexpr size_t kMessagesMax = 60;

struct Kept {
    mqtt::MessageRef message;  // Null: a tombstone.
    RetainedStamp stamp;
};

class Comparison {
public:
    explicit Comparison(uint64_t seed)
        : random_(seed), messages_(random_.next(), {.messages_max = kMessagesMax, .bytes_max = 1 << 20}) {}

    void step() {
        now_.ms += static_cast<int64_t>(random_.below(20));
        const uint64_t choice = random_.below(100);
        if (choice < 60)
            store(random_topic(random_), random_.below(4) != 0);
        else if (choice < 62)
            forget_tombstones();
        else if (choice < 65)
            expire();
        compare(random_filter(random_));
        compare(random_topic(random_));
        compare_totals();
    }

private:
    void store(const std::string& topic, bool has_payload) {
        mqtt::ApplicationMessage::Fields fields;
        fields.topic = topic;
        if (has_payload) fields.payload = "payload";
        if (random_.below(3) == 0) fields.message_expiry_interval = static_cast<uint32_t>(random_.below(5));
        fields.received_at = now_;
        const mqtt::MessageRef message = mqtt::ApplicationMessage::make(fields);
        const RetainedStamp stamp{now_.ms - static_cast<int64_t>(random_.below(100)),
                                  static_cast<uint32_t>(random_.below(3)), static_cast<uint32_t>(random_.below(3))};
        REQUIRE(messages_.store(message, stamp) == expected_store(topic, message, stamp));
    }

    Stored expected_store(const std::string& topic, const mqtt::MessageRef& message, RetainedStamp stamp) {
        const auto kept = kept_.find(topic);
        const bool has_payload = !message->payload().empty();
        if (kept != kept_.end() && stamp <= kept->second.stamp) return Stored::Older;
        const bool replaces = kept != kept_.end() && kept->second.message;
        if (has_payload && !replaces && count() == kMessagesMax) return Stored::Full;
        kept_[topic] = {has_payload ? message : mqtt::MessageRef(), stamp};
        return Stored::Yes;
    }

    void forget_tombstones() {
        const Time older_than{now_.ms - static_cast<int64_t>(random_.below(200))};
        messages_.forget_tombstones(older_than);
        std::erase_if(
            kept_, [&](const auto& kept) { return !kept.second.message && kept.second.stamp.time_ms < older_than.ms; });
    }

    void expire() {
        size_t expired = 0;
        for (auto& [topic, kept] : kept_) {
            if (!kept.message || !kept.message->is_expired(now_)) continue;
            kept.message = {};
            ++expired;
        }
        const size_t some = random_.below(expired + 1);
        REQUIRE(messages_.expire(now_, some) == some);
        REQUIRE(messages_.expire(now_, SIZE_MAX) == expired - some);
    }

    void compare(const std::string& filter) {
        std::vector<const mqtt::ApplicationMessage*> expected;
        for (const auto& [topic, kept] : kept_) {
            if (!kept.message || kept.message->is_expired(now_) || !mqtt::matches(filter, topic)) continue;
            expected.push_back(kept.message.get());
        }
        std::vector<const mqtt::ApplicationMessage*> found;
        messages_.match(filter, now_, [&](const mqtt::MessageRef& message) { found.push_back(message.get()); });
        std::sort(expected.begin(), expected.end());
        std::sort(found.begin(), found.end());
        INFO(filter);
        REQUIRE(found == expected);
    }

    void compare_totals() {
        size_t bytes = 0;
        for (const auto& [topic, kept] : kept_) {
            REQUIRE(messages_.find(topic) == kept.message.get());
            if (kept.message) bytes += kept.message->memory_size();
        }
        REQUIRE(messages_.count() == count());
        REQUIRE(messages_.bytes() == bytes);
        REQUIRE(messages_.tombstone_count() == kept_.size() - count());
    }

    size_t count() const {
        return static_cast<size_t>(
            std::count_if(kept_.begin(), kept_.end(), [](const auto& kept) { return bool{kept.second.message}; }));
    }

    Random random_;
    Time now_{1000};
    RetainedMessages messages_;
    std::map<std::string, Kept> kept_;
};

}  // namespace

TEST_CASE("random Retained Messages match what a search of all topics finds") {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed ", seed);
        Comparison comparison(seed);
        for (int step = 0; step < 1000; ++step)
            comparison.step();
    }
}
