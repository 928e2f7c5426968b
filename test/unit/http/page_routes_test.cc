// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/page_routes.h"

#include <doctest/doctest.h>

#include <string>

#include "bridges/http/http_session.h"
#include "bridges/http/negotiation.h"

namespace {

using namespace runnel::http;

Page make_page() {
    Page page;
    page.content_security_policy = "default-src 'self'";
    page.files.push_back({"/", "text/html; charset=utf-8", "\"1a\"", "<!doctype html>", "gzipped page", false});
    page.files.push_back({"/assets/x-77.js", "text/javascript", "\"2b\"", "let x", "gzipped x", true});
    page.files.push_back({"/icon.svg", "image/svg+xml", "\"3c\"", "<svg/>", "", false});
    return page;
}

struct Fixture {
    Routes routes;
    Fixture() { add_page_routes(routes, make_page()); }

    // The whole answer, as it is sent.
    std::string answer_to(std::string_view first_line, std::string_view fields = "") const {
        HttpSession session(routes);
        session.bytes_received(std::string(first_line) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
        return std::string(session.output());
    }
};

bool has(const std::string& answer, std::string_view part) {
    return answer.find(part) != std::string::npos;
}

TEST_CASE_FIXTURE(Fixture, "the page is sent with its policy, and asked for again each time") {
    const std::string answer = answer_to("GET /");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\n<!doctype html>"));
    for (const char* field :
         {"Content-Type: text/html; charset=utf-8\r\n", "Content-Security-Policy: default-src 'self'\r\n",
          "X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n", "Cache-Control: no-cache\r\n",
          "ETag: \"1a\"\r\n", "Vary: Accept-Encoding\r\n", "Content-Length: 15\r\n"})
        CHECK_MESSAGE(has(answer, field), field);
    CHECK_FALSE(has(answer, "Content-Encoding"));
}

TEST_CASE_FIXTURE(Fixture, "a file whose path names its content is kept for ever") {
    CHECK(has(answer_to("GET /assets/x-77.js"), "Cache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(answer_to("GET /assets/x-78.js").starts_with("HTTP/1.1 404 "));
    CHECK(answer_to("GET /assets/").starts_with("HTTP/1.1 404 "));
    CHECK(answer_to("POST /").starts_with("HTTP/1.1 405 "));
}

TEST_CASE_FIXTURE(Fixture, "gzip goes to those who take it, under a tag of its own") {
    const std::string answer = answer_to("GET /assets/x-77.js", "Accept-Encoding: gzip, deflate, br\r\n");
    CHECK(answer.ends_with("\r\n\r\ngzipped x"));
    CHECK(has(answer, "Content-Encoding: gzip\r\n"));
    CHECK(has(answer, "ETag: \"2b-gzip\"\r\n"));
    const std::string refused = answer_to("GET /assets/x-77.js", "Accept-Encoding: gzip;q=0\r\n");
    CHECK(refused.ends_with("\r\n\r\nlet x"));
    const std::string without = answer_to("GET /icon.svg", "Accept-Encoding: gzip\r\n");
    CHECK(without.ends_with("\r\n\r\n<svg/>"));
    CHECK_FALSE(has(without, "Vary"));
}

TEST_CASE_FIXTURE(Fixture, "what the client has is not sent again") {
    const std::string answer = answer_to("GET /", "If-None-Match: \"0\", \"1a\"\r\n");
    CHECK(answer.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    CHECK(answer.ends_with("\r\n\r\n"));
    CHECK(has(answer, "ETag: \"1a\"\r\n"));
    CHECK(has(answer, "Content-Security-Policy: "));
    CHECK_FALSE(has(answer, "Content-Length"));
    CHECK(answer_to("GET /", "If-None-Match: \"1a-gzip\"\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(answer_to("GET /", "If-None-Match: W/\"1a-gzip\"\r\nAccept-Encoding: gzip\r\n").starts_with("HTTP/1.1 304 "));
}

TEST_CASE_FIXTURE(Fixture, "HEAD is GET without the bytes") {
    const std::string answer = answer_to("HEAD /", "Accept-Encoding: gzip\r\n");
    CHECK(has(answer, "Content-Length: 12\r\n"));
    CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("without a page, the way to the rest is told") {
    Fixture fixture;
    fixture.routes = {};
    add_page_routes(fixture.routes, {});
    fixture.routes.add("GET", "/v1/later", [](const ExchangeRef&) {});
    const std::string answer = fixture.answer_to("GET /");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(has(answer, "Content-Type: text/plain; charset=utf-8\r\n"));
    CHECK(has(answer, "Content-Security-Policy: default-src 'none'"));
    CHECK(has(answer, "GET /v1/later\n"));
}

TEST_CASE("what a client takes") {
    const auto accepts = [](std::string field) {
        Headers headers;
        headers.add("accept-encoding", std::move(field));
        return accepts_gzip(headers);
    };
    for (const char* yes : {"gzip", "GZIP", "br, gzip", "x-gzip", "*", "gzip;q=0.001", "gzip ; q=1", "*;q=0, gzip"})
        CHECK_MESSAGE(accepts(yes), yes);
    for (const char* no : {"", "br", "gzipped", "identity", "gzip;q=0", "gzip; Q=0.000", "gzip;q=0, *", "*;q=0", ",,"})
        CHECK_FALSE_MESSAGE(accepts(no), no);
    CHECK_FALSE(accepts_gzip({}));
    Headers lines;
    lines.add("Accept-Encoding", "br");
    lines.add("Accept-Encoding", "gzip");
    CHECK(accepts_gzip(lines));
}

TEST_CASE("entity tags of a client") {
    const auto matches = [](std::string field) {
        Headers headers;
        headers.add("If-None-Match", std::move(field));
        return has_none_match(headers, "\"1\"");
    };
    for (const char* yes : {"\"1\"", "W/\"1\"", "\"0\",\"1\"", "\"0\" , W/\"1\" ", "*"})
        CHECK_MESSAGE(matches(yes), yes);
    for (const char* no : {"", "1", "\"11\"", "\"", "w/\"1\"", "\"0\", \"2\""})
        CHECK_FALSE_MESSAGE(matches(no), no);
    CHECK_FALSE(has_none_match({}, "\"1\""));
}

}  // namespace
