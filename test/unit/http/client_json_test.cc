// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/client_json.h"

#include <doctest/doctest.h>

#include "bridges/http/query_values.h"

namespace {

using namespace runnel;
using namespace runnel::http;

TEST_CASE("places go into a text and back, whatever clients call themselves") {
    for (const api::SubscriptionPlace& place :
         {api::SubscriptionPlace{"a", "", "b"}, api::SubscriptionPlace{"a/b %2F+", "group", "home/+/#"},
          api::SubscriptionPlace{"\xc3\xa9\n", "", "/"}}) {
        const auto read = read_place(place_text(place));
        REQUIRE(read);
        CHECK(*read == place);
    }
    CHECK(place_text({"a/b", "g", "x y"}) == "a%2Fb/g/x%20y");
    for (const char* text : {"", "a", "a/b", "a/b/c/d", "a/%/c", "a/b/%00"})
        CHECK_FALSE(read_place(text));
}

TEST_CASE("pages") {
    api::ClientPage page;
    CHECK(client_page_json(page) == "{\"items\":[],\"total\":0}\n");
    page.clients.resize(1);
    page.clients[0].client_identifier = "a\"";
    page.total = 3;
    page.has_more = true;
    CHECK(client_page_json(page) ==
          "{\"items\":[{\"client_identifier\":\"a\\\"\",\"connected\":false,\"user\":null,"
          "\"disconnected_at\":\"1970-01-01T00:00:00.000Z\",\"last_seen\":\"1970-01-01T00:00:00.000Z\","
          "\"subscriptions\":0,\"queued_messages\":0,\"queued_bytes\":0,\"inflight_messages\":0}],"
          "\"next\":\"a\\\"\",\"total\":3}\n");
    api::SubscriptionPage subscriptions;
    subscriptions.subscriptions.push_back({"c", "g", "f/#", {}, 7});
    subscriptions.has_more = true;
    CHECK(subscription_page_json(subscriptions) ==
          "{\"items\":[{\"client_identifier\":\"c\",\"share_name\":\"g\",\"filter\":\"f/#\",\"qos\":0,"
          "\"no_local\":false,\"retain_as_published\":false,\"retain_handling\":0,\"subscription_identifier\":7}],"
          "\"next\":\"c/g/f%2F%23\"}\n");
}

TEST_CASE("numbers in a query") {
    const auto read = [](std::string value) {
        Request request;
        request.query = {{"limit", std::move(value)}};
        return read_number(request, "limit", 1, 1000, 100);
    };
    CHECK(*read("1") == 1);
    CHECK(*read("1000") == 1000);
    CHECK(*read_number(Request{}, "limit", 1, 1000, 100) == 100);
    for (const char* wrong : {"", "0", "1001", "-1", "+1", "1 ", "x", "1e2", "99999999999999999999"}) {
        const auto refused = read(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error() == "\"limit\" must be a number from 1 to 1000.");
    }
}

TEST_CASE("names in a query that are not known") {
    Request request;
    request.query = {{"after", "x"}, {"serch", "y"}};
    CHECK_FALSE(unknown_name_problem(request, {"after", "serch"}));
    const auto problem = unknown_name_problem(request, {"after", "search"});
    REQUIRE(problem);
    CHECK(problem->status == 422);
    CHECK(problem->body.find("known are after, search.") != std::string::npos);
}

}  // namespace
