// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/publish_routes.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridges/http/message_json.h"
#include "bridges/http/topic_routes.h"
#include "broker/base/json.h"

namespace runnel::http {
namespace {

constexpr size_t kLineMax = size_t{1} << 20;  // Of NDJSON.
constexpr size_t kArrayMax = 10'000;          // Messages of an array, which are published in one turn.
constexpr size_t kOpenMax = 1000;             // Messages of one NDJSON request that wait for their result.
constexpr std::string_view kNdjson = "application/x-ndjson";

Response bad_key(std::string_view detail) {
    return problem(400, "idempotency-key", detail);
}

Response bad_message(std::string_view detail) {
    return problem(422, "message", detail);
}

// The result of one of several messages: of a fault the problem it would have been alone.
std::string result_of(const api::LocalPublished& answer) {
    std::string text;
    if (!mqtt::is_error(answer.reason)) {
        append_published(text, answer);
    } else {
        JsonObject(text).member("error") += publish_problem(answer).body;
    }
    return text;
}

std::string result_of(const RequestFault& fault) {
    std::string text;
    JsonObject(text).member("error") += bad_message(*fault).body;
    return text;
}

// Results in the order of their messages, whatever order they come in.
class Results {
public:
    size_t add() {
        results_.emplace_back();
        return first_ + results_.size() - 1;
    }
    void set(size_t number, std::string result) { results_[number - first_] = std::move(result); }
    // The next one, if it is there.
    std::optional<std::string> take() {
        if (results_.empty() || !results_.front()) return std::nullopt;
        std::optional<std::string> first = std::move(results_.front());
        results_.pop_front();
        ++first_;
        return first;
    }
    size_t open() const { return results_.size(); }

private:
    std::deque<std::optional<std::string>> results_;
    size_t first_ = 0;
};

// Of one of several messages under one key.
std::string key_of(const std::string& key, size_t number) {
    return key.empty() ? key : key + " " + std::to_string(number);
}

void publish_one(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client,
                 std::string_view compact, const std::string& key) {
    api::LocalPublish publish;
    publish.idempotency_key = key;
    if (const auto fault = read_message(compact, publish)) return exchange->answer(bad_message(*fault));
    broker.publish(client, publish, [exchange](const api::LocalPublished& answer) {
        if (mqtt::is_error(answer.reason)) return exchange->answer(publish_problem(answer));
        exchange->answer(json_response(200, result_of(answer) + "\n"));
    });
}

void publish_array(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client,
                   std::string_view compact, const std::string& key) {
    struct Batch {
        Results results;
        std::string body = "[";
        bool all_given = false;
    };
    const auto batch = std::make_shared<Batch>();
    const auto answer_if_whole = [exchange, batch] {
        while (const auto result = batch->results.take())
            batch->body.append(batch->body.size() == 1 ? "" : ",").append(*result);
        if (batch->all_given && batch->results.open() == 0) exchange->answer(json_response(200, batch->body + "]\n"));
    };
    const auto elements = json_elements(compact);
    if (elements.size() > kArrayMax)
        return exchange->answer(
            problem(413, "too-many-messages", "An array has at most 10,000 messages; NDJSON may have any number."));
    for (const std::string_view element : elements) {
        const size_t number = batch->results.add();
        api::LocalPublish publish;
        publish.idempotency_key = key_of(key, number);
        if (const auto fault = read_message(element, publish)) {
            batch->results.set(number, result_of(fault));
            continue;
        }
        broker.publish(client, publish, [=](const api::LocalPublished& answer) {
            batch->results.set(number, result_of(answer));
            answer_if_whole();
        });
    }
    batch->all_given = true;
    answer_if_whole();
}

void publish_json(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    const auto compact = compact_json(exchange->request().body);
    if (!compact) return exchange->answer(problem(400, "malformed", "The body is not JSON."));
    std::string key;
    if (const auto fault = read_idempotency_key(exchange->request(), key)) return exchange->answer(bad_key(*fault));
    if (compact->starts_with('[')) return publish_array(broker, exchange, client, *compact, key);
    publish_one(broker, exchange, client, *compact, key);
}

// A message for each line of a body without end, and a line for each result.
class LinePublisher final : public BodyReader, public std::enable_shared_from_this<LinePublisher> {
public:
    LinePublisher(api::LocalBroker& broker, ExchangeRef exchange, api::LocalClient client, std::string key)
        : broker_(broker), exchange_(std::move(exchange)), client_(std::move(client)), key_(std::move(key)) {}

    void body_received(std::string_view bytes) override {
        while (!bytes.empty() && !failed_) {
            const size_t end = bytes.find('\n');
            line_.append(bytes.substr(0, end));
            if (line_.size() > kLineMax) return fail("A line is longer than 1 MiB; what follows it was not read.");
            if (end == std::string_view::npos) return;
            bytes.remove_prefix(end + 1);
            publish_line();
        }
    }
    void body_ended() override {
        if (failed_) return;
        publish_line();
        ended_ = true;
        give_results();
    }
    bool wants_more() const override { return results_.open() < kOpenMax && exchange_->has_room(); }

    void give_results() {
        write_results();
        if (ended_ && results_.open() == 0) return exchange_->end();
        const auto self = weak_from_this();
        if (wants_more()) {
            exchange_->go_on_reading();
        } else {
            exchange_->when_room([self] {
                if (const auto one = self.lock()) one->give_results();
            });
        }
    }

private:
    void publish_line() {
        const std::string line = std::exchange(line_, {});
        if (line.find_first_not_of(" \t\r") == std::string::npos) return;
        const size_t number = results_.add();
        api::LocalPublish publish;
        publish.idempotency_key = key_of(key_, number);
        const auto compact = compact_json(line);
        const RequestFault fault = compact ? read_message(*compact, publish) : "The line is not JSON.";
        if (fault) {
            results_.set(number, result_of(fault));
            return write_results();  // Within body_received(): more is read when it returns.
        }
        broker_.publish(client_, publish, [self = shared_from_this(), number](const api::LocalPublished& answer) {
            self->results_.set(number, result_of(answer));
            self->give_results();
        });
    }
    void write_results() {
        while (const auto result = results_.take())
            exchange_->write(*result + "\n");
    }
    void fail(const std::string& why) {
        failed_ = true;
        results_.set(results_.add(), result_of(RequestFault(why)));
        ended_ = true;
        give_results();
    }

    api::LocalBroker& broker_;
    ExchangeRef exchange_;
    api::LocalClient client_;
    std::string key_;  // Idempotency-Key, or empty.
    std::string line_;
    Results results_;
    bool ended_ = false;
    bool failed_ = false;
};

void publish_lines(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    std::string key;
    if (const auto fault = read_idempotency_key(exchange->request(), key)) return exchange->answer(bad_key(*fault));
    Response head;
    head.headers.add("Content-Type", std::string(kNdjson));
    head.headers.add("Cache-Control", "no-store");
    exchange->begin(head);
    exchange->read_body_with(std::make_shared<LinePublisher>(broker, exchange, client, std::move(key)));
}

}  // namespace

void add_publish_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker) {
    const auto with_broker = [&](auto handler) {
        return gate.user([&broker, handler](const ExchangeRef& exchange, const api::LocalClient& client) {
            handler(broker, exchange, client);
        });
    };
    routes.add_streaming("POST", "/v1/publish", std::string(kNdjson), with_broker(publish_lines));
    routes.add_streaming("POST", "/v1/publish", "application/ndjson", with_broker(publish_lines));
    routes.add("POST", "/v1/publish", with_broker(publish_json));
}

}  // namespace runnel::http
