// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/forward_batch.h"

#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel::shard {
namespace {

using Fields = mqtt::ApplicationMessage::Fields;

void check_equal(const Fields& a, const Fields& b) {
    CHECK(a.topic == b.topic);
    CHECK(a.payload == b.payload);
    CHECK(a.forwarded_properties == b.forwarded_properties);
    CHECK(a.publisher == b.publisher);
    CHECK(a.qos == b.qos);
    CHECK(a.retain == b.retain);
    CHECK(a.message_expiry_interval == b.message_expiry_interval);
    CHECK(a.received_at == b.received_at);
}

TEST_CASE("Messages come out of a batch as they went in, in their order") {
    Fields first;
    first.topic = "home/temperature";
    first.payload = "21.5";
    first.forwarded_properties = std::string_view("\x01\x01", 2);
    first.publisher = "sensor";
    first.qos = mqtt::QoS::ExactlyOnce;
    first.message_expiry_interval = 0;
    first.received_at = Time{123'456'789'012};
    Fields second;
    second.topic = "t";
    second.received_at = Time{-1};
    std::string batch;
    append_forwarded(batch, first);
    append_forwarded(batch, second);
    append_forwarded(batch, first);
    std::vector<Fields> seen;
    for_each_forwarded(batch, [&](const Fields& fields) { seen.push_back(fields); });
    REQUIRE(seen.size() == 3);
    check_equal(seen[0], first);
    check_equal(seen[1], second);
    check_equal(seen[2], first);
}

TEST_CASE("An empty batch holds nothing") {
    int seen = 0;
    for_each_forwarded({}, [&](const Fields&) { ++seen; });
    CHECK(seen == 0);
}

TEST_CASE("Lengths of every size survive a batch") {
    Random random(2);
    const std::string bytes(70'000, 'b');
    std::vector<Fields> sent;
    std::string batch;
    for (int i = 0; i < 200; ++i) {
        Fields fields;
        fields.topic = std::string_view(bytes).substr(0, random.below(65'536));
        fields.payload = std::string_view(bytes).substr(0, random.below(i % 10 == 0 ? 70'000 : 50));
        fields.forwarded_properties = std::string_view(bytes).substr(0, random.below(100));
        fields.publisher = std::string_view(bytes).substr(0, random.below(i % 7 == 0 ? 65'536 : 20));
        fields.qos = static_cast<mqtt::QoS>(random.below(3));
        if (random.below(2) == 0) fields.message_expiry_interval = static_cast<uint32_t>(random.next());
        fields.received_at = Time{static_cast<int64_t>(random.next() >> 1)};
        append_forwarded(batch, fields);
        sent.push_back(fields);
    }
    size_t at = 0;
    for_each_forwarded(batch, [&](const Fields& fields) { check_equal(fields, sent.at(at++)); });
    CHECK(at == sent.size());
}

}  // namespace
}  // namespace runnel::shard
