// SPDX-License-Identifier: Apache-2.0
// POST /v1/publish with any body: JSON, or NDJSON that is read as it comes. The first byte of the input chooses the
// pieces in which it is received, the second one the media type and whether answers come late: what is published, and
// what is answered, must not depend on the pieces, and every message has its result.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridges/http/http_session.h"
#include "bridges/http/publish_routes.h"
#include "broker/api/empty_broker.h"
#include "broker/base/json.h"
#include "broker/mqtt/text.h"

namespace {

using namespace runnel;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

// Writes down what it is given, and answers at once or when it is told.
class PatientBroker final : public api::EmptyBroker {
public:
    explicit PatientBroker(bool is_late) : is_late_(is_late) {}

    void publish(const api::LocalClient&, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override {
        if (!mqtt::is_valid_utf8(publish.topic)) fail("a topic that is not UTF-8");
        if (publish.qos > mqtt::QoS::ExactlyOnce) fail("a QoS that is none");
        given += publish.topic + "|" + publish.payload + "|" + publish.encoded_properties + "|" +
                 std::to_string(static_cast<int>(publish.qos)) + (publish.retain ? "r" : "") + "\n";
        waiting_.push_back(std::move(done));
        if (!is_late_) answer();
    }
    void answer() {
        for (const auto& done : std::exchange(waiting_, {}))
            done({});
    }

    std::string given;

private:
    bool is_late_;
    std::vector<std::function<void(const api::LocalPublished&)>> waiting_;
};

// What was published and what was answered. HTTP/1.0 has no chunks, which do depend on the pieces.
std::string play(std::string_view body, size_t piece, bool is_ndjson, bool is_late) {
    PatientBroker broker(is_late);
    http::Gate gate(broker);
    http::Routes routes;
    http::add_publish_routes(routes, gate, broker);
    http::HttpSession session(routes, http::Limits{}, {"192.0.2.7:1", true});
    std::string output;
    const auto receive = [&](std::string_view bytes) {
        session.bytes_received(bytes);
        broker.answer();
        for (std::string_view part = session.output(); !part.empty(); part = session.output()) {
            output += part;
            session.output_written(part.size());
            broker.answer();
        }
    };
    receive("POST /v1/publish HTTP/1.0\r\nContent-Type: application/" + std::string(is_ndjson ? "x-ndjson" : "json") +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    for (size_t at = 0; at < body.size() && !session.is_ended(); at += piece)
        receive(body.substr(at, piece));
    receive({});
    if (!session.is_ended()) fail("the request is whole, and it waits");
    if (!output.starts_with("HTTP/1.")) fail("no answer");
    return broker.given + output;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    if (size < 2) return 0;
    const size_t piece = 1 + input[0] % 64;
    const bool is_ndjson = (input[1] & 1) != 0;
    const bool is_late = (input[1] & 2) != 0;
    const std::string_view body(reinterpret_cast<const char*>(input) + 2, size - 2);
    if (play(body, piece, is_ndjson, is_late) != play(body, std::max<size_t>(body.size(), 1), is_ndjson, is_late))
        fail("it depends on the pieces");
    return 0;
}
