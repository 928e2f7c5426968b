// SPDX-License-Identifier: Apache-2.0
// A server of HTTP against anything. The first byte of the input chooses the pieces in which the rest is received:
// which requests are found must not depend on them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bridges/http/http_session.h"

namespace {

using namespace runnel::http;

constexpr size_t kBodyMax = 512;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// What was understood, in one text.
struct Server {
    Routes routes;
    std::string understood;

    Server() {
        for (const char* method : {"GET", "POST"})
            routes.add(method, "/{rest...}", [this](const ExchangeRef& exchange) { take(*exchange); });
    }
    void take(Exchange& exchange) {
        const Request& request = exchange.request();
        if (request.body.size() > kBodyMax) fail("a body larger than allowed");
        if (request.headers.count("Content-Length") > 1) fail("two lengths");
        if (request.headers.count("Content-Length") != 0 && request.headers.count("Transfer-Encoding") != 0)
            fail("a length and a transfer coding");
        understood += request.method + " " + exchange.parameters().front();
        for (const Header& field : request.headers.fields()) {
            if (field.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) fail("a split field");
            understood += "|" + field.name + "=" + field.value;
        }
        understood += "|" + request.body + "\n";
        exchange.begin({});
        exchange.write(request.body);
        exchange.end();
    }
};

// In the form of answers, one after the other: to every request one, and maybe a refusal.
void check_output(std::string_view output) {
    if (!output.empty() && !output.starts_with("HTTP/1.1 ")) fail("an answer that is none");
}

std::string play(std::string_view input, size_t piece) {
    Server server;
    HttpSession session(server.routes, Limits{256, 1024, 16, kBodyMax});
    for (size_t at = 0; at < input.size() && !session.is_ended(); at += piece) {
        session.bytes_received(input.substr(at, piece));
        for (std::string_view output = session.output(); !output.empty(); output = session.output()) {
            check_output(output);
            session.output_written(output.size());
        }
    }
    session.input_ended();
    session.output_written(session.output().size());
    if (!session.is_ended()) fail("nothing more comes, and it waits");
    return server.understood;
}

void parse_response(std::string_view input, size_t piece) {
    Parser parser(Parser::Kind::Response);
    while (!input.empty() && (parser.state() == Parser::State::Head || parser.state() == Parser::State::Body)) {
        const std::string_view next = input.substr(0, piece);
        const size_t size = parser.parse(next);
        if (size > next.size()) fail("more parsed than there was");
        input.remove_prefix(size);
        if (size < next.size() && parser.state() != Parser::State::Complete) fail("it stopped within the message");
    }
    parser.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    if (size == 0) return 0;
    const size_t piece = 1 + input[0] % 64;
    const std::string_view bytes(reinterpret_cast<const char*>(input) + 1, size - 1);
    if (play(bytes, piece) != play(bytes, std::max<size_t>(bytes.size(), 1))) fail("it depends on the pieces");
    parse_response(bytes, piece);
    return 0;
}
