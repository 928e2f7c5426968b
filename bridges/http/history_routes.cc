// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/history_routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bridges/http/history_request.h"
#include "bridges/http/history_writer.h"

namespace runnel::http {
namespace {

constexpr size_t kPageSize = 256;  // Messages or buckets read at once.

// Where history is read, and what of it may be shown. All null where there is none.
struct HistorySource {
    std::function<void(api::HistoryQuery, std::function<void(api::HistoryPage)>)> messages;
    std::function<void(api::BucketQuery, std::function<void(api::BucketPage)>)> buckets;
    std::function<bool(const std::string& topic)> may_receive;  // Null: everything.
};

// One answer on its way: reads a page whenever there is room for one. Lives in what it waits for.
class HistoryAnswer : public std::enable_shared_from_this<HistoryAnswer> {
public:
    HistoryAnswer(HistorySource source, ExchangeRef exchange, HistoryRequest request)
        : source_(std::move(source)),
          exchange_(std::move(exchange)),
          request_(std::move(request)),
          writer_(request_.format, request_.value),
          left_(request_.limit) {
        messages_.filters = buckets_.filters = request_.filters;
        messages_.from_ms = buckets_.from_ms = request_.from_ms;
        messages_.to_ms = buckets_.to_ms = request_.to_ms;
        if (request_.every_ms) buckets_.every_ms = *request_.every_ms;
    }

    void go_on() {
        if (request_.every_ms)
            ask(source_.buckets, buckets_);
        else
            ask(source_.messages, messages_);
    }

private:
    template <class Query, class Page>
    void ask(const std::function<void(Query, std::function<void(Page)>)>& source, Query& query) {
        query.count_max = std::min(left_, kPageSize);
        source(query, [self = shared_from_this(), &query](const Page& page) {
            if (!page.failure.empty()) return self->fail(page.failure);
            if (page.next) query.after = page.next;
            self->write(page, !page.next);
        });
    }

    template <class Page>
    void write(const Page& page, bool is_last) {
        std::string part;
        if (!std::exchange(has_begun_, true)) begin(part);
        for_each_in(page, [&](const auto& one) {
            if (source_.may_receive && !source_.may_receive(one.topic)) return;
            writer_.write(one, part);
            --left_;
        });
        const bool is_done = is_last || left_ == 0;
        if (is_done) writer_.end(request_.to_ms - 1, part);
        exchange_->write(part);
        if (is_done) return exchange_->end();
        exchange_->when_room([self = shared_from_this()] { self->go_on(); });
    }
    template <class Visit>
    static void for_each_in(const api::HistoryPage& page, Visit visit) {
        std::ranges::for_each(page.messages, visit);
    }
    template <class Visit>
    static void for_each_in(const api::BucketPage& page, Visit visit) {
        std::ranges::for_each(page.buckets, visit);
    }

    void begin(std::string& part) {
        Response head;
        head.headers.add("Content-Type", std::string(writer_.content_type()));
        head.headers.add("Cache-Control", "no-store");
        head.is_compressible = true;
        exchange_->begin(head);
        writer_.begin(request_.every_ms.has_value(), part);
    }

    void fail(const std::string& failure) {
        if (has_begun_) return exchange_->abandon();
        exchange_->answer(problem(503, "history-unreadable", "The history cannot be read: " + failure));
    }

    HistorySource source_;
    ExchangeRef exchange_;
    HistoryRequest request_;
    HistoryWriter writer_;
    size_t left_;
    api::HistoryQuery messages_;
    api::BucketQuery buckets_;
    bool has_begun_ = false;
};

void answer(const ExchangeRef& exchange, HistorySource source, int64_t wall_now_ms) {
    if (!source.messages)
        return exchange->answer(problem(409, "nothing-stored", "Nothing is stored here, and so no history kept."));
    auto request = read_history_request(exchange->request(), wall_now_ms);
    if (!request) return exchange->answer(problem(400, "parameter", request.error() + "."));
    std::make_shared<HistoryAnswer>(std::move(source), exchange, *std::move(request))->go_on();
}

// Asked at once, by a thread that may wait for the disk.
HistorySource source_of(const api::History* history) {
    if (history == nullptr) return {};
    return {[history](const api::HistoryQuery& query, const auto& done) { done(history->messages(query)); },
            [history](const api::BucketQuery& query, const auto& done) { done(history->buckets(query)); }, nullptr};
}

// Asked from an event loop, and shown as far as the client may see it.
HistorySource source_of(api::LocalBroker& broker, const api::LocalClient& client) {
    if (!broker.has_history()) return {};
    return {[&broker](api::HistoryQuery query, auto done) { broker.read_history(std::move(query), std::move(done)); },
            [&broker](api::BucketQuery query, auto done) { broker.read_buckets(std::move(query), std::move(done)); },
            [&broker, client](const std::string& topic) { return broker.may_receive(client, topic); }};
}

}  // namespace

void add_history_routes(Routes& routes, const api::History* history, std::function<int64_t()> wall_now_ms) {
    routes.add("GET", "/v1/history", [history, now = std::move(wall_now_ms)](const ExchangeRef& exchange) {
        answer(exchange, source_of(history), now());
    });
}

void add_history_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker,
                        std::function<int64_t()> wall_now_ms) {
    routes.add(
        "GET", "/v1/history",
        gate.user([&broker, now = std::move(wall_now_ms)](const ExchangeRef& exchange, const api::LocalClient& client) {
            answer(exchange, source_of(broker, client), now());
        }));
}

}  // namespace runnel::http
