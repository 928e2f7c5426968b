// SPDX-License-Identifier: Apache-2.0
#include "broker/server/nearest_key.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::server {

TEST_CASE("nearest key: edit distance") {
    struct Row {
        std::string a, b;
        size_t distance;
    };
    const Row rows[] = {{"", "", 0},       {"a", "", 1},       {"", "abc", 3},    {"abc", "abc", 0},
                        {"abc", "abd", 1}, {"abc", "ac", 1},   {"abc", "acb", 1}, {"kitten", "sitting", 3},
                        {"ab", "ba", 1},   {"abcd", "dcba", 3}};
    for (const Row& row : rows) {
        CAPTURE(row.a);
        CAPTURE(row.b);
        CHECK(edit_distance(row.a, row.b) == row.distance);
        CHECK(edit_distance(row.b, row.a) == row.distance);
    }
}

TEST_CASE("nearest key: what people mean") {
    const std::pair<std::string, std::string> rows[] = {
        {"mqtt.max_packet_sise", "mqtt.max_packet_size"},
        {"mqtt.recieve_maximum", "mqtt.receive_maximum"},
        {"mqtt.maxqos", "mqtt.max_qos"},
        {"mqtt.Max_QoS", "mqtt.max_qos"},
        {"session.max_inflight", "mqtt.max_inflight"},
        {"max_qos", "mqtt.max_qos"},
        {"listener.adress", "listener.address"},
        {"listener.max_conections", "listener.max_connections"},
        {"broker.max_messages", "retained.max_messages"},
        {"lisener", "listener"},
        {"log.levl", "log.level"},
        {"storage.engin", "storage.engine"},
        {"auth.passwd_file", "auth.password_file"},
        {"access.suscribe", "access.subscribe"},
    };
    for (const auto& [unknown, nearest] : rows)
        CHECK(nearest_key(unknown) == nearest);
    CHECK_FALSE(nearest_key("").empty());
    CHECK_FALSE(nearest_key(std::string(100'000, 'x')).empty());
}

}  // namespace runnel::server
