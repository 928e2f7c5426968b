// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_watch.h"

#include <doctest/doctest.h>

namespace {

using namespace runnel;
using Lines = std::vector<std::string>;

api::StationConfig station(std::string name, int64_t silent_after_ms) {
    api::StationConfig config;
    config.name = std::move(name);
    config.path = "/up";
    config.topic = "w/{station}";
    config.silent_after = {silent_after_ms};
    return config;
}

Lines lines_of(const std::vector<api::LocalPublish>& messages) {
    Lines lines;
    for (const api::LocalPublish& message : messages) {
        CHECK(message.retain);
        CHECK(message.qos == mqtt::QoS::AtLeastOnce);
        lines.push_back(message.topic + " " + message.payload);
    }
    return lines;
}

TEST_CASE("a station is online when it is heard, and offline when it is silent") {
    stations::StationWatch watch({station("a", 1'000), station("b", 0)}, 5'000);
    CHECK(lines_of(watch.time_advanced(5'999)).empty());
    watch.heard("a", "192.0.2.7:1", 5'999, 0);
    watch.heard("b", "192.0.2.7:1", 5'999, 0);
    watch.heard("nobody", "192.0.2.7:1", 5'999, 0);
    CHECK(lines_of(watch.time_advanced(6'000)) == Lines{"w/a/status online"});
    watch.heard("a", "192.0.2.7:1", 6'500, 0);
    CHECK(lines_of(watch.time_advanced(7'499)).empty());
    CHECK(lines_of(watch.time_advanced(7'500)) == Lines{"w/a/status offline"});
    CHECK(lines_of(watch.time_advanced(99'999)).empty());
    watch.heard("a", "192.0.2.7:1", 100'000, 0);
    CHECK(lines_of(watch.time_advanced(100'001)) == Lines{"w/a/status online"});
}

TEST_CASE("a station that was never heard is offline once its time has passed") {
    stations::StationWatch watch({station("a", 1'000), station("b", 2'000)}, 0);
    CHECK(lines_of(watch.time_advanced(999)).empty());
    CHECK(lines_of(watch.time_advanced(1'000)) == Lines{"w/a/status offline"});
    CHECK(lines_of(watch.time_advanced(2'000)) == Lines{"w/b/status offline"});
    CHECK(stations::StationWatch({station("a", 0)}, 0).time_advanced(99'999).empty());
}

TEST_CASE("the state of stations is told") {
    stations::StationWatch watch({station("b", 1'000), station("a", 0), station("c", 1'000)}, 0);
    const auto states = [&](int64_t now_ms) {
        Lines lines;
        for (const api::StationStatus& one : watch.status(now_ms))
            lines.push_back(one.name + " " + one.state + " " + std::to_string(one.last_seen_ms.value_or(-1)) + " " +
                            one.address + " " + std::to_string(one.requests) + "/" + std::to_string(one.rejected));
        return lines;
    };
    CHECK(states(0) == Lines{"a unknown -1  0/0", "b unknown -1  0/0", "c unknown -1  0/0"});
    watch.heard("a", "192.0.2.7:1", 500, 77'000);
    watch.heard("b", "192.0.2.8:1", 500, 77'000);
    watch.heard("b", "192.0.2.8:2", 600, 77'100);
    watch.rejected("b");
    watch.rejected("nobody");
    CHECK(states(1'599) ==
          Lines{"a heard 77000 192.0.2.7:1 1/0", "b online 77100 192.0.2.8:2 2/1", "c silent -1  0/0"});
    CHECK(states(1'600)[1] == "b silent 77100 192.0.2.8:2 2/1");
    CHECK(states(99'999)[0] == "a heard 77000 192.0.2.7:1 1/0");
}

}  // namespace
