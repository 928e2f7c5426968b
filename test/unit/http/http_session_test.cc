// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/http_session.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace {

using namespace runnel;
using namespace runnel::http;

constexpr std::string_view kGet = "GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n";

// Numbers, one in a line, as many as are asked for, whenever there is room for more.
struct Source : std::enable_shared_from_this<Source> {
    ExchangeRef exchange;
    size_t next = 0;
    size_t count = 0;
    size_t calls = 0;

    void go_on() {
        ++calls;
        std::string part;
        for (size_t i = 0; i < 1000 && next < count; ++i)
            part += std::to_string(next++) + "\n";
        exchange->write(part);
        if (next == count) return exchange->end();
        exchange->when_room([self = shared_from_this()] { self->go_on(); });
    }
};

struct Fixture {
    Routes routes;
    std::weak_ptr<Source> source;
    size_t count = 0;

    Fixture() {
        routes.add("GET", "/numbers", [this](const ExchangeRef& exchange) {
            const auto made = std::make_shared<Source>();
            made->exchange = exchange;
            made->count = count;
            source = made;
            exchange->begin({});
            made->go_on();
        });
    }
};

// The body of a chunked answer.
std::string body_of(std::string_view output) {
    Parser parser(Parser::Kind::Response);
    CHECK(parser.parse(output) == output.size());
    CHECK(parser.state() == Parser::State::Complete);
    return parser.body();
}

TEST_CASE_FIXTURE(Fixture, "a stream goes on as its client reads, and is never held whole") {
    count = 200'000;
    HttpSession session(routes);
    session.bytes_received(kGet);
    std::string all;
    size_t largest = 0;
    for (std::string_view output = session.output(); !output.empty(); output = session.output()) {
        largest = std::max(largest, output.size());
        const size_t size = std::min<size_t>(output.size(), 1'499);  // The socket takes little at a time.
        all += output.substr(0, size);
        session.output_written(size);
    }
    CHECK(largest < size_t{80} << 10);
    std::string expected;
    for (size_t i = 0; i < count; ++i)
        expected += std::to_string(i) + "\n";
    CHECK(body_of(all) == expected);
    CHECK(source.expired());
    CHECK_FALSE(session.is_ended());
}

TEST_CASE_FIXTURE(Fixture, "a stream stops while its client does not read, and is let go with the connection") {
    count = 200'000;
    {
        HttpSession session(routes);
        session.bytes_received(kGet);
        while (session.wants_turn())
            CHECK_FALSE(session.output().empty());
        const size_t calls = source.lock()->calls;
        CHECK(session.output().size() > size_t{64} << 10);
        CHECK(source.lock()->calls == calls);
        CHECK(session.waits() == HttpSession::Waits::ForNothing);  // Late, if it goes on like this.
    }
    CHECK(source.expired());
}

TEST_CASE_FIXTURE(Fixture, "requests sent ahead wait while answers are not read") {
    routes.add("GET", "/large", [](const ExchangeRef& exchange) {
        Response response;
        response.body.assign(50'000, 'x');
        exchange->answer(response);
    });
    HttpSession session(routes);
    for (int i = 0; i < 100; ++i)
        session.bytes_received("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(session.output().size() < 150'000);
    size_t sum = 0;
    for (std::string_view output = session.output(); !output.empty(); output = session.output()) {
        sum += output.size();
        session.output_written(output.size());
    }
    CHECK(sum > 100 * 50'000);
}

TEST_CASE_FIXTURE(Fixture, "input is bounded while an answer is awaited") {
    ExchangeRef late;
    routes.add("GET", "/late", [&late](const ExchangeRef& exchange) { late = exchange; });
    HttpSession session(routes);
    session.bytes_received("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(session.wants_input());
    session.bytes_received(std::string(100'000, 'x'));
    CHECK_FALSE(session.wants_input());
    late->answer({});
    CHECK(session.output().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE_FIXTURE(Fixture, "an answer for a connection that has gone is dropped") {
    ExchangeRef late;
    routes.add("GET", "/late", [&late](const ExchangeRef& exchange) { late = exchange; });
    {
        HttpSession session(routes);
        session.bytes_received("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(late->is_open());
    }
    CHECK_FALSE(late->is_open());
    late->answer({});
    CHECK_FALSE(late->has_room());
}

TEST_CASE_FIXTURE(Fixture, "framing around a chunked body is bounded") {
    HttpSession session(routes);
    session.bytes_received("POST /numbers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    for (int i = 0; i < 20 && !session.is_ended(); ++i)
        session.bytes_received(std::string(1'000, 'e'));
    CHECK(session.is_ended());
    CHECK(session.output().starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

}  // namespace
