// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/parser.h"

#include <llhttp.h>

namespace runnel::http {

struct Parser::Machine {
    llhttp_t parser;
    State state = State::Head;
    bool version_is_wrong = false;
    std::string method;
    std::string target;
    std::string name;
    std::string value;
    Headers headers;
    std::string body;
    int status = 0;
    bool is_http_1_0 = false;
    bool keeps_alive = false;

    static Machine& of(llhttp_t* parser) { return *static_cast<Machine*>(parser->data); }
    // Header fields behind a chunked body are read over: nothing of ours means anything there, and merged with the
    // others they would be a way around what has been checked.
    void field_ended() {
        if (state == State::Head) headers.add(std::move(name), value.substr(0, value.find_last_not_of(" \t") + 1));
        name.clear();
        value.clear();
    }
    // False for a version that is not ours: llhttp takes HTTP/0.9 and 2.0 too.
    bool head_ended() {
        version_is_wrong = parser.http_major != 1 || parser.http_minor > 1;
        status = parser.status_code;
        is_http_1_0 = parser.http_minor == 0;
        keeps_alive = llhttp_should_keep_alive(&parser) != 0;
        state = State::Body;
        return !version_is_wrong;
    }
};

namespace {

template <class Machine, std::string Machine::*text>
int append(llhttp_t* parser, const char* at, size_t size) {
    (Machine::of(parser).*text).append(at, size);
    return 0;
}

template <class Machine>
llhttp_settings_t make_settings() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_method = append<Machine, &Machine::method>;
    settings.on_url = append<Machine, &Machine::target>;
    settings.on_header_field = append<Machine, &Machine::name>;
    settings.on_header_value = append<Machine, &Machine::value>;
    settings.on_body = append<Machine, &Machine::body>;
    settings.on_header_value_complete = [](llhttp_t* parser) {
        Machine::of(parser).field_ended();
        return 0;
    };
    settings.on_headers_complete = [](llhttp_t* parser) { return Machine::of(parser).head_ended() ? 0 : -1; };
    settings.on_message_complete = [](llhttp_t* parser) {
        Machine::of(parser).state = Parser::State::Complete;
        return static_cast<int>(HPE_PAUSED);  // What follows is another message's.
    };
    return settings;
}

}  // namespace

Parser::Parser(Kind kind) : machine_(std::make_unique<Machine>()) {
    static const llhttp_settings_t kSettings = make_settings<Machine>();
    llhttp_init(&machine_->parser, kind == Kind::Request ? HTTP_REQUEST : HTTP_RESPONSE, &kSettings);
    machine_->parser.data = machine_.get();
}

Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;
Parser::~Parser() = default;

size_t Parser::parse(std::string_view bytes) {
    Machine& machine = *machine_;
    const llhttp_errno_t result = llhttp_execute(&machine.parser, bytes.data(), bytes.size());
    if (result == HPE_OK) return bytes.size();
    if (machine.state == State::Complete)
        return static_cast<size_t>(llhttp_get_error_pos(&machine.parser) - bytes.data());
    if (result == HPE_INVALID_VERSION) machine.version_is_wrong = true;
    machine.state = State::Failed;
    return bytes.size();
}

void Parser::finish() {
    if (machine_->state == State::Complete || machine_->state == State::Failed) return;
    llhttp_finish(&machine_->parser);
    if (machine_->state != State::Complete) machine_->state = State::Failed;
}

Parser::State Parser::state() const {
    return machine_->state;
}

const std::string& Parser::method() const {
    return machine_->method;
}

const std::string& Parser::target() const {
    return machine_->target;
}

int Parser::status() const {
    return machine_->status;
}

Headers& Parser::headers() {
    return machine_->headers;
}

std::string& Parser::body() {
    return machine_->body;
}

bool Parser::is_http_1_0() const {
    return machine_->is_http_1_0;
}

bool Parser::keeps_alive() const {
    return machine_->keeps_alive;
}

bool Parser::version_is_wrong() const {
    return machine_->version_is_wrong;
}

}  // namespace runnel::http
