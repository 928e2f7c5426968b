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
    watch.heard("a", 5'999);
    watch.heard("b", 5'999);
    watch.heard("nobody", 5'999);
    CHECK(lines_of(watch.time_advanced(6'000)) == Lines{"w/a/status online"});
    watch.heard("a", 6'500);
    CHECK(lines_of(watch.time_advanced(7'499)).empty());
    CHECK(lines_of(watch.time_advanced(7'500)) == Lines{"w/a/status offline"});
    CHECK(lines_of(watch.time_advanced(99'999)).empty());
    watch.heard("a", 100'000);
    CHECK(lines_of(watch.time_advanced(100'001)) == Lines{"w/a/status online"});
}

TEST_CASE("a station that was never heard is offline once its time has passed") {
    stations::StationWatch watch({station("a", 1'000), station("b", 2'000)}, 0);
    CHECK(lines_of(watch.time_advanced(999)).empty());
    CHECK(lines_of(watch.time_advanced(1'000)) == Lines{"w/a/status offline"});
    CHECK(lines_of(watch.time_advanced(2'000)) == Lines{"w/b/status offline"});
    CHECK(stations::StationWatch({station("a", 0)}, 0).is_empty());
}

}  // namespace
