// SPDX-License-Identifier: Apache-2.0
// The exchanges of exchanges.txt, which says how to read it: each is played whole, byte by byte, and in pieces.
#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "bridges/http/http_session.h"
#include "broker/base/random.h"
#include "test/golden/http/exchanges.h"

namespace {

using namespace runnel;
using namespace runnel::http;
using test::Exchanges;
using test::Step;

Response text_response(std::string body) {
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}

// What the exchanges talk to.
class Stage {
public:
    Stage() {
        routes_.add("GET", "/hello", [](const ExchangeRef& exchange) { exchange->answer(text_response("hi")); });
        routes_.add("POST", "/echo",
                    [](const ExchangeRef& exchange) { exchange->answer(text_response(exchange->request().body)); });
        routes_.add("GET", "/items/{id}/{rest...}", show);
        routes_.add("GET", "/items/{id}", show);
        routes_.add("DELETE", "/items/{id}", [](const ExchangeRef& exchange) { exchange->answer(empty(204)); });
        routes_.add("GET", "/late", [this](const ExchangeRef& exchange) { late_ = exchange; });
        routes_.add("GET", "/parts", [this](const ExchangeRef& exchange) {
            late_ = exchange;
            exchange->begin(empty(200));
            exchange->write("one, ");
        });
        routes_.add("GET", "/split", [](const ExchangeRef& exchange) {
            Response response = empty(200);
            response.headers.add("X-Name", "a\r\nSet-Cookie: b");
            exchange->answer(response);
        });
    }

    static Response empty(int status) {
        Response response;
        response.status = status;
        return response;
    }
    static void show(const ExchangeRef& exchange) {
        std::string text = exchange->request().method;
        for (const std::string& parameter : exchange->parameters())
            text += " [" + parameter + "]";
        for (const auto& [name, value] : exchange->request().query)
            text += " " + name + "=" + value;
        exchange->answer(text_response(text));
    }
    void act(const std::string& what) {
        if (what == "answer") late_->answer(text_response("at last"));
        if (what == "part") late_->write("two");
        if (what == "end") late_->end();
        if (what == "abandon") late_->abandon();
        if (what == "time is up") session.time_is_up();
        if (what == "input ends") session.input_ended();
        if (what == "answer" || what == "end" || what == "forget") late_.reset();
    }

private:
    Routes routes_;
    ExchangeRef late_;

public:
    // Small enough to be passed in a line.
    HttpSession session{routes_, Limits{64, 256, 5, 16}};
};

std::string taken_output(Stage& stage) {
    std::string all;
    for (std::string_view output = stage.session.output(); !output.empty(); output = stage.session.output()) {
        all += output;
        stage.session.output_written(output.size());
    }
    return all;
}

void check_state(const Stage& stage, const std::string& expected) {
    using Waits = api::StreamSession::Waits;
    if (expected == "closed") {
        CHECK(stage.session.is_ended());
        return;
    }
    CHECK_FALSE(stage.session.is_ended());
    const Waits waits = stage.session.waits();
    if (expected == "idle") CHECK(waits == Waits::ForNothing);
    if (expected == "partial") CHECK(waits == Waits::ForRestOfInput);
    if (expected == "working") CHECK(waits == Waits::ForUs);
}

void play(const Exchanges& exchanges, const std::function<size_t(size_t)>& piece_of) {
    Stage stage;
    std::string output;
    for (const Step& step : exchanges.steps) {
        std::string_view bytes = step.text;
        if (step.kind != '<') {
            CHECK(output == "");
        }
        switch (step.kind) {
            case '>':
                while (!bytes.empty()) {
                    const size_t size = piece_of(bytes.size());
                    stage.session.bytes_received(bytes.substr(0, size));
                    bytes.remove_prefix(size);
                    output += taken_output(stage);
                }
                break;
            case '<':
                CHECK(output == step.text);
                output.clear();
                break;
            case '!':
                stage.act(step.text);
                output += taken_output(stage);
                break;
            case '=': check_state(stage, step.text); break;
            default: throw std::runtime_error("what is this line in " + exchanges.name + "?");
        }
    }
    CHECK(output == "");
}

TEST_CASE("exchanges") {
    Random random(1);
    const auto all = test::read_exchanges(RUNNEL_HTTP_EXCHANGES);
    REQUIRE(all.size() > 10);
    for (const Exchanges& exchanges : all) {
        CAPTURE(exchanges.name);
        play(exchanges, [](size_t size) { return size; });
        play(exchanges, [](size_t) { return size_t{1}; });
        for (int round = 0; round < 20; ++round)
            play(exchanges, [&random](size_t size) { return 1 + random.below(size); });
    }
}

}  // namespace
