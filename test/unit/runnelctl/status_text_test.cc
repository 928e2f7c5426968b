// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/status_text.h"

#include <doctest/doctest.h>

namespace {

using namespace runnel;
using namespace runnel::ctl;

std::string text_of(std::string_view json) {
    const auto status = JsonValue::parse(json);
    REQUIRE(status);
    return status_text(*status);
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("sizes") {
    CHECK(size_text(0) == "0 B");
    CHECK(size_text(1023) == "1023 B");
    CHECK(size_text(1536) == "1.5 KiB");
    CHECK(size_text(5.0 * 1024 * 1024 * 1024) == "5.0 GiB");
}

TEST_CASE("uptimes") {
    CHECK(uptime_text(0) == "00:00:00");
    CHECK(uptime_text(3 * 86400 + 4 * 3600 + 5 * 60 + 6) == "3d 04:05:06");
}

TEST_CASE("what is wrong is said") {
    CHECK(contains(text_of(R"({"storage":{"engine":"rocksdb","failing":true,"failure":"no space left"}})"),
                   "FAILING: no space left"));
    CHECK(contains(text_of(R"({"storage":{"engine":"rocksdb","full":true}})"), "FULL"));
    CHECK(contains(text_of(R"({"storage":{"engine":"rocksdb"}})"), "fine"));
    CHECK(contains(text_of(R"({"loops":[{"connections":1,"answers":true},{"connections":2,"answers":false}]})"),
                   "loop 1 does NOT ANSWER"));
}

TEST_CASE("the longest queues, with hostile names") {
    const std::string text = text_of(
        R"({"longest_queues":[{"client_identifier":"a\u001b[2J\u009bm\u00e9","messages":3,"bytes":2048,"connected":false}]})");
    CHECK(contains(text, "3 messages, 2.0 KiB for a?[2J?m\xc3\xa9 (not connected)\n"));
}

}  // namespace
