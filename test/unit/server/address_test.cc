// SPDX-License-Identifier: Apache-2.0
#include "broker/server/address.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::server {

TEST_CASE("address: what a listener can listen on") {
    struct Row {
        std::string text, host;
        uint16_t port;
        std::string path;
    };
    const Row rows[] = {
        {"127.0.0.1:1883", "127.0.0.1", 1883, ""},
        {"0.0.0.0:0", "0.0.0.0", 0, ""},
        {"[::1]:1883", "::1", 1883, ""},
        {"[::]:65535", "::", 65535, ""},
        {"[0:0:0:0::1]:1883", "::1", 1883, ""},
        {"[2001:DB8::5]:8883", "2001:db8::5", 8883, ""},
        {"localhost:1883", "localhost", 1883, ""},
        {"broker-1.example.org:1", "broker-1.example.org", 1, ""},
        {"unix:/run/runnel/mqtt", "", 0, "/run/runnel/mqtt"},
        {"unix:/a b:c", "", 0, "/a b:c"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto address = parse_listen_address(row.text);
        REQUIRE(address);
        CHECK(*address == ListenAddress{row.host, row.port, row.path});
        CHECK(address->is_unix() == !row.path.empty());
    }
}

TEST_CASE("address: what is none") {
    for (const std::string& text : {std::string(),
                                    std::string("1883"),
                                    std::string(":1883"),
                                    std::string("127.0.0.1"),
                                    std::string("127.0.0.1:"),
                                    std::string("127.0.0.1:x"),
                                    std::string("127.0.0.1:65536"),
                                    std::string("127.0.0.1:-1"),
                                    std::string("127.0.0.1:+1"),
                                    std::string("127.0.0.1: 1"),
                                    std::string("127.0.0.1:1 "),
                                    std::string("256.0.0.1:1883"),
                                    std::string("1.2.3:1883"),
                                    std::string("::1:1883"),
                                    std::string("[::1]"),
                                    std::string("[::1]:"),
                                    std::string("[]:1"),
                                    std::string("[::g]:1"),
                                    std::string("[127.0.0.1]:1"),
                                    std::string("[::1:1883"),
                                    std::string("mqtt://a:1"),
                                    std::string("a b:1"),
                                    std::string("-a:1"),
                                    std::string("*:1883"),
                                    std::string("unix:"),
                                    std::string("unix:/"),
                                    std::string("unix:run/x"),
                                    std::string("unix:@x"),
                                    "unix:/" + std::string(200, 'a'),
                                    std::string("unix:/a\0b", 9),
                                    std::string("a\0b:1", 5),
                                    std::string(300, 'a') + ":1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen_address(text).has_value());
    }
}

TEST_CASE("who is bounded: a host, and for IPv6 its network") {
    CHECK(network_of("192.0.2.7:51234") == "192.0.2.7");
    CHECK(network_of("192.0.2.7:1") == network_of("192.0.2.7:2"));
    CHECK(network_of("[2001:db8:1:2:3:4:5:6]:51234") == "2001:db8:1:2::/64");
    CHECK(network_of("[2001:db8:1:2::9]:1") == network_of("[2001:db8:1:2:ffff::]:2"));
    CHECK(network_of("[2001:db8:1:2::9]:1") != network_of("[2001:db8:1:3::9]:1"));
    CHECK(network_of("[::ffff:192.0.2.7]:1") != network_of("[::ffff:192.0.2.8]:1"));
    CHECK(network_of("unix") == "unix");
    CHECK(network_of("") == "");
    CHECK(network_of("[nonsense]:1") == "[nonsense]");
}

}  // namespace runnel::server
