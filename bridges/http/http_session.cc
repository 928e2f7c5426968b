// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/http_session.h"

#include <string>

namespace runnel::http {

void HttpSession::bytes_received(std::string_view bytes) {
    connection_->bytes_received(bytes);
    answer_requests();
}

void HttpSession::input_ended() {
    connection_->input_ended();
    connection_->go_on_reading();
    answer_requests();
}

// An answer that came late may have made way for the next request, and what was sent for more of an answer.
std::string_view HttpSession::output() {
    connection_->offer_room();
    connection_->go_on_reading();
    answer_requests();
    return connection_->output();
}

// Who does not read an answer keeps the broker waiting, even if there is more of it to come.
HttpSession::Waits HttpSession::waits() const {
    if (connection_->has_output()) return Waits::ForNothing;
    if (connection_->is_reading_body()) return Waits::ForNothing;  // As between two requests.
    if (connection_->is_answering()) return Waits::ForUs;
    return connection_->has_partial_request() ? Waits::ForRestOfInput : Waits::ForNothing;
}

void HttpSession::time_is_up() {
    if (connection_->has_partial_request()) {
        connection_->refuse({408, "request-timeout", "The request did not come whole in time."});
    } else {
        connection_->abandon_answer();
    }
}

void HttpSession::answer_requests() {
    while (auto request = connection_->take_request()) {
        look_at_origin(*request);
        if (refuse_if_too_many()) continue;
        if (routes_.is_upgrade(*request))
            upgrade(*request);
        else
            routes_.dispatch(std::make_shared<Exchange>(connection_, *std::move(request), caller_));
    }
}

bool HttpSession::refuse_if_too_many() {
    const Duration wait = routes_.admit(caller_->origin);
    if (wait == Duration{}) return false;
    Response response = problem(429, "too-many-requests", "There have been too many requests from this host.");
    response.headers.add("Retry-After", std::to_string((wait.ms + 999) / 1000));
    connection_->answer(response);
    return true;
}

// CORS (of the Fetch standard): pages that the configuration names may read answers, and ask beforehand what they may
// send. Cookies are not for them.
void HttpSession::look_at_origin(const Request& request) {
    const std::string* origin = request.headers.find("Origin");
    caller_->origin_is_allowed = origin != nullptr && routes_.allows_origin(*origin);
    caller_->cors_fields = {};
    if (caller_->origin_is_allowed) {
        Headers& fields = caller_->cors_fields;
        fields.add("Access-Control-Allow-Origin", *origin);
        fields.add("Vary", "Origin");
        if (request.method == "OPTIONS") {
            fields.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
            if (const std::string* wanted = request.headers.find("Access-Control-Request-Headers"))
                fields.add("Access-Control-Allow-Headers", *wanted);
            fields.add("Access-Control-Max-Age", "600");
        }
    }
    connection_->set_answer_fields(caller_->cors_fields);
}

void HttpSession::upgrade(const Request& request) {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    for (const Header& field : request.headers.fields())
        fields.emplace_back(field.name, field.value);
    api::UpgradeAnswer answer = routes_.upgrade_handler()->upgrade({request.method, request.is_http_1_0, fields});
    Headers headers;
    for (auto& [name, value] : answer.headers)
        headers.add(std::move(name), std::move(value));
    if (answer.status == 101) {
        connection_->switch_protocols(headers);
        caller_->continuation.filter = std::move(answer.filter);
        caller_->continuation.identity = routes_.identity_of(request);
        caller_->continuation.transport = api::ClientTransport::WebSocket;
        return;
    }
    Response refusal =
        problem(answer.status, answer.status == 426 ? "upgrade-required" : "upgrade-refused", answer.detail);
    for (Header& field : headers.fields())
        refusal.headers.add(std::move(field.name), std::move(field.value));
    connection_->answer(refusal, true);
}

HttpSession::Continuation HttpSession::take_continuation() {
    if (caller_->continuation.filter) caller_->continuation.rest = connection_->take_rest();
    return std::move(caller_->continuation);
}

}  // namespace runnel::http
