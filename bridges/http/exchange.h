// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/caller.h"
#include "bridges/http/connection.h"
#include "bridges/http/gzip.h"

namespace runnel::http {

// One request and the way to its answer, which may be given later, by the thread of the connection. What is answered to
// a connection that has gone meanwhile is dropped. An exchange that goes without an answer is answered with 500.
class Exchange {
public:
    Exchange(const std::shared_ptr<HttpConnection>& connection, Request request,
             std::shared_ptr<Caller> caller = std::make_shared<Caller>())
        : request_(std::move(request)), connection_(connection), caller_(std::move(caller)) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    const Request& request() const { return request_; }
    Caller& caller() const { return *caller_; }
    // What stood in the place of the {names} of the route, in their order.
    const std::vector<std::string>& parameters() const { return parameters_; }
    void set_parameters(std::vector<std::string> parameters) { parameters_ = std::move(parameters); }

    // A response that is compressible goes out as gzip, whole or in parts, if it is long and the client takes that.
    void answer(const Response& response);
    // In parts: the head, parts, the end. Where a client is slower than the source, the source has to wait: has_room()
    // says whether it should, and when_room() calls it once more when there is room (later, or never if the client goes
    // first). To stream what can be had at any time: begin, then write a part from each call of when_room, and ask for
    // the next one.
    void begin(const Response& head);
    void write(std::string_view part);
    void end();
    bool has_room() const;
    void when_room(std::function<void()> go_on);
    // The connection goes on as MQTT within a filter, which gives the answer.
    void go_on_with(std::unique_ptr<api::ByteFilter> filter, api::Identity identity);
    // Who takes the body as it comes, where the route streams it (Routes::add_streaming). It may hold the exchange.
    void read_body_with(std::shared_ptr<BodyReader> reader);
    void go_on_reading();
    // Somebody is still there to read the answer.
    bool is_open() const;
    // What was begun cannot be brought to its end; the client learns so by the end of the connection.
    void abandon();

private:
    enum class State : uint8_t { Waiting, InParts, Answered };

    void send(const Response& response);

    Request request_;
    std::vector<std::string> parameters_;
    std::weak_ptr<HttpConnection> connection_;
    std::shared_ptr<Caller> caller_;    // The same for all of a connection.
    std::unique_ptr<GzipStream> gzip_;  // Null: parts go out as they are.
    State state_ = State::Waiting;
};

using ExchangeRef = std::shared_ptr<Exchange>;

}  // namespace runnel::http
