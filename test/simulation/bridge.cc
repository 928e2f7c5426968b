// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/bridge.h"

#include <algorithm>
#include <iterator>

#include "bridges/http/http_session.h"
#include "bridges/http/publish_routes.h"
#include "bridges/http/topic_routes.h"
#include "bridges/websocket/handshake.h"
#include "broker/base/check.h"

namespace runnel::simulation {

Bridge::Bridge(shard::Shard& shard, const Schedule& schedule) : shard_(shard), schedule_(schedule), gate_(*this) {
    http::add_topic_routes(routes_, gate_, *this);
    http::add_publish_routes(routes_, gate_, *this);
    routes_.add_upgrade("mqtt", std::make_shared<websocket::Handshake>(websocket::Settings{}));
}

std::unique_ptr<api::StreamSession> Bridge::open(const std::string& address) {
    return std::make_unique<http::HttpSession>(routes_, http::Limits{}, api::StreamOrigin{address, true});
}

void Bridge::take_answers(shard::Effects& effects) {
    std::ranges::move(effects.publish_answers, std::back_inserter(answers_));
    effects.publish_answers.clear();
}

void Bridge::give_answers() {
    for (const auto& [number, answer] : std::exchange(answers_, {})) {
        auto waiting = waiting_.extract(number);
        RUNNEL_CHECK(!waiting.empty());
        waiting.mapped()(answer);
    }
}

void Bridge::authenticate(api::Credentials credentials, std::function<void(const api::AuthenticationOutcome&)> done) {
    done(shard_.authenticator()->check(credentials));
}

bool Bridge::may_subscribe(const api::LocalClient& client, std::string_view filter) const {
    return shard_.access().may_subscribe({client.identity, client.client_identifier}, filter);
}

bool Bridge::may_receive(const api::LocalClient& client, std::string_view topic) const {
    return shard_.access().may_receive({client.identity, client.client_identifier}, topic);
}

void Bridge::publish(const api::LocalClient& client, const api::LocalPublish& publish,
                     std::function<void(const api::LocalPublished&)> done) {
    waiting_.emplace(++last_, std::move(done));
    shard_.publish_for(last_, client, publish, schedule_.now());
}

}  // namespace runnel::simulation
