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

// One answer on its way: reads a page whenever there is room for one. Lives in what it waits for.
class HistoryAnswer : public std::enable_shared_from_this<HistoryAnswer> {
public:
    HistoryAnswer(const api::History& history, ExchangeRef exchange, HistoryRequest request)
        : history_(history),
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
        std::string part;
        if (!has_begun_) writer_.begin(request_.every_ms.has_value(), part);
        const std::string failure = request_.every_ms ? read(buckets_, &api::History::buckets, part)
                                                      : read(messages_, &api::History::messages, part);
        if (!failure.empty()) return fail(failure);
        if (!std::exchange(has_begun_, true)) begin();
        if (is_done_) writer_.end(request_.to_ms - 1, part);
        exchange_->write(part);
        if (is_done_) return exchange_->end();
        exchange_->when_room([self = shared_from_this()] { self->go_on(); });
    }

private:
    // The next page. Why not, if it cannot be read.
    template <class Query, class Page>
    std::string read(Query& query, Page (api::History::*ask)(const Query&) const, std::string& part) {
        query.count_max = std::min(left_, kPageSize);
        Page page = (history_.*ask)(query);
        if (!page.failure.empty()) return page.failure;
        size_t count = 0;
        for_each_in(page, [&](const auto& one) {
            writer_.write(one, part);
            ++count;
        });
        left_ -= std::min(left_, count);
        is_done_ = !page.next || left_ == 0;
        if (page.next) query.after = page.next;
        return {};
    }
    template <class Visit>
    static void for_each_in(const api::HistoryPage& page, Visit visit) {
        std::ranges::for_each(page.messages, visit);
    }
    template <class Visit>
    static void for_each_in(const api::BucketPage& page, Visit visit) {
        std::ranges::for_each(page.buckets, visit);
    }

    void begin() {
        Response head;
        head.headers.add("Content-Type", std::string(writer_.content_type()));
        head.headers.add("Cache-Control", "no-store");
        exchange_->begin(head);
    }

    void fail(const std::string& failure) {
        if (has_begun_) return exchange_->abandon();
        exchange_->answer(problem(503, "history-unreadable", "The history cannot be read: " + failure));
    }

    const api::History& history_;
    ExchangeRef exchange_;
    HistoryRequest request_;
    HistoryWriter writer_;
    size_t left_;
    api::HistoryQuery messages_;
    api::BucketQuery buckets_;
    bool has_begun_ = false;
    bool is_done_ = false;
};

}  // namespace

void add_history_routes(Routes& routes, const api::History* history, std::function<int64_t()> wall_now_ms) {
    routes.add("GET", "/v1/history", [history, now = std::move(wall_now_ms)](const ExchangeRef& exchange) {
        if (history == nullptr)
            return exchange->answer(problem(409, "nothing-stored", "Nothing is stored here, and so no history kept."));
        auto request = read_history_request(exchange->request(), now());
        if (!request) return exchange->answer(problem(400, "parameter", request.error() + "."));
        std::make_shared<HistoryAnswer>(*history, exchange, *std::move(request))->go_on();
    });
}

}  // namespace runnel::http
