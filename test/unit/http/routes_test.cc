// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/routes.h"

#include <doctest/doctest.h>

#include "bridges/http/http_session.h"
#include "bridges/http/target.h"

namespace {

using namespace runnel::http;

std::string answer_of(const Routes& routes, std::string_view first_line) {
    HttpSession session(routes);
    session.bytes_received(std::string(first_line) + " HTTP/1.0\r\n\r\n");
    const std::string_view output = session.output();
    return std::string(output.substr(output.find("\r\n\r\n") + 4));
}

Routes::Handler says(std::string text) {
    return [text](const ExchangeRef& exchange) {
        Response response;
        response.body = text;
        for (const std::string& parameter : exchange->parameters())
            response.body += " " + parameter;
        exchange->answer(response);
    };
}

TEST_CASE("routes") {
    Routes routes;
    routes.add("GET", "/v1/clients", says("all"));
    routes.add("GET", "/v1/clients/{id}", says("one"));
    routes.add("DELETE", "/v1/clients/{id}", says("end"));
    routes.add("GET", "/v1/topics/{topic...}", says("topic"));
    routes.add("GET", "/", says("root"));
    CHECK(answer_of(routes, "GET /v1/clients") == "all");
    CHECK(answer_of(routes, "GET /v1/clients/a%2Fb") == "one a/b");
    CHECK(answer_of(routes, "DELETE /v1/clients/7") == "end 7");
    CHECK(answer_of(routes, "GET /v1/topics/a//b/") == "topic a//b/");
    CHECK(answer_of(routes, "GET /v1/topics/%24SYS/%23") == "topic $SYS/#");
    CHECK(answer_of(routes, "GET /") == "root");
    for (const char* wrong : {"GET /v1/clients/", "GET /v1/clients/a/b", "GET /v1", "GET /v1/topics", "GET //"})
        CHECK_MESSAGE(answer_of(routes, wrong).find("urn:runnel:problem:not-found") != std::string::npos, wrong);
    CHECK(answer_of(routes, "POST /v1/clients").find("method-not-allowed") != std::string::npos);
}

TEST_CASE("percent-encoding") {
    CHECK(percent_decode("a%20b+c", false) == "a b+c");
    CHECK(percent_decode("a%20b+c", true) == "a b c");
    CHECK(percent_decode("%c3%A4", false) == "\xc3\xa4");
    CHECK(percent_decode("", false) == "");
    for (const char* wrong : {"%", "a%2", "%2g", "%g2", "%00", "%%20"})
        CHECK_FALSE(percent_decode(wrong, false));
}

TEST_CASE("targets") {
    const auto path_of = [](std::string target, std::string method = "GET") {
        Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        if (!read_target(request)) return std::string("none");
        std::string path;
        for (const std::string& segment : request.segments)
            path += "/" + segment;
        return path;
    };
    CHECK(path_of("/a/b") == "/a/b");
    CHECK(path_of("/a/") == "/a/");
    CHECK(path_of("/a?b/c") == "/a");
    CHECK(path_of("http://host:80/a?b") == "/a");
    CHECK(path_of("HTTPS://host") == "/");
    CHECK(path_of("*", "OPTIONS") == "");
    for (const char* wrong : {"*", "a", "", "host:80", "ftp://host/a", "http://host?a"})
        CHECK_MESSAGE(path_of(wrong) == "none", wrong);
}

TEST_CASE("lists of tokens") {
    CHECK(has_token("keep-alive, Upgrade", "upgrade"));
    CHECK(has_token("close", "close"));
    CHECK_FALSE(has_token("closed", "close"));
    CHECK_FALSE(has_token("", "close"));
}

}  // namespace
