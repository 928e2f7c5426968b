// SPDX-License-Identifier: Apache-2.0
// Responses; requests are in the exchanges of test/golden/http.
#include "bridges/http/parser.h"

#include <doctest/doctest.h>

namespace {

using namespace runnel::http;

TEST_CASE("a response of known length") {
    Parser parser(Parser::Kind::Response);
    const std::string_view bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-Name:  a \r\n\r\nhimore";
    CHECK(parser.parse(bytes) == bytes.size() - 4);
    CHECK(parser.state() == Parser::State::Complete);
    CHECK(parser.status() == 404);
    CHECK(parser.body() == "hi");
    REQUIRE(parser.headers().find("x-name") != nullptr);
    CHECK(*parser.headers().find("x-name") == "a");
}

TEST_CASE("a response that ends with its connection") {
    Parser parser(Parser::Kind::Response);
    parser.parse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi");
    CHECK(parser.state() == Parser::State::Body);
    parser.finish();
    CHECK(parser.state() == Parser::State::Complete);
    CHECK(parser.body() == "hi");
}

TEST_CASE("a response that was cut") {
    for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"}) {
        Parser parser(Parser::Kind::Response);
        parser.parse(bytes);
        parser.finish();
        CHECK_MESSAGE(parser.state() == Parser::State::Failed, bytes);
    }
}

TEST_CASE("this is not HTTP") {
    Parser parser(Parser::Kind::Response);
    parser.parse("220 smtp.example.org ESMTP\r\n");
    CHECK(parser.state() == Parser::State::Failed);
}

}  // namespace
