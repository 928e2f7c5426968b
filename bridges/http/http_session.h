// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "bridges/http/routes.h"
#include "broker/api/stream_service.h"

namespace runnel::http {

// HTTP on one stream, answered by routes, which outlive it.
class HttpSession final : public api::StreamSession {
public:
    explicit HttpSession(const Routes& routes, const Limits& limits = {}, api::StreamOrigin origin = {})
        : routes_(routes),
          connection_(std::make_shared<HttpConnection>(
              limits, [&routes](const Request& request) { return routes.streams_body(request); })),
          caller_(std::make_shared<Caller>(Caller{std::move(origin)})) {}

    void bytes_received(std::string_view bytes) override;
    void input_ended() override;
    std::string_view output() override;
    void output_written(size_t size) override { connection_->output_written(size); }
    bool wants_input() const override { return !connection_->input_is_full(); }
    bool is_ended() const override { return connection_->is_ended(); }
    Waits waits() const override;
    bool wants_turn() const override { return connection_->has_room_wanted(); }
    void time_is_up() override;
    Continuation take_continuation() override;
    void on_late_output(std::function<void()> wake) override { connection_->on_output(std::move(wake)); }

private:
    void answer_requests();

    bool refuse_if_too_many();
    void upgrade(const Request& request);
    void look_at_origin(const Request& request);

    const Routes& routes_;
    std::shared_ptr<HttpConnection> connection_;
    std::shared_ptr<Caller> caller_;
};

}  // namespace runnel::http
