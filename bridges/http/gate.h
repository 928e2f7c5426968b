// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bridges/http/routes.h"
#include "broker/api/local_broker.h"
#include "broker/api/login_sessions.h"

namespace runnel::http {

// Who may come in: what a request shows of itself is checked with the users of the broker, as CONNECT is. That is HTTP
// Basic (RFC 7617), or the token of a login as Bearer (RFC 6750) or as a cookie. Anonymous clients come in where they
// may by MQTT.
//
// A page of another origin may not change anything here: what a browser adds by itself, a cookie or the fact that it
// runs on this machine, is not the will of its user.
class Gate {
public:
    using Handler = std::function<void(const ExchangeRef&, const api::LocalClient&)>;
    static constexpr std::string_view kCookie = "runnel_session";

    // Both outlive the gate and what it makes. Without `logins` there are no tokens.
    explicit Gate(api::LocalBroker& broker, api::LoginSessions* logins = nullptr) : broker_(broker), logins_(logins) {}

    // For everybody who may come in, and for those only who may see and steer what belongs to others. Otherwise the
    // answer is 401 or 403.
    Routes::Handler user(Handler handler) const;
    Routes::Handler admin(Handler handler) const;
    Routes::Guard admin_guard() const;

    // The token that the request shows, and who that is.
    static std::optional<std::string> token_of(const Request& request);
    std::optional<api::Identity> logged_in(const Request& request) const;
    // As LocalBroker::authenticate, of a request with credentials, which is answered if they are wrong: 401, 429 after
    // many that were, 503.
    void authenticate(const ExchangeRef& exchange, api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> accepted) const;

private:
    void identify(const ExchangeRef& exchange, const Handler& handler) const;
    void check_credentials(const ExchangeRef& exchange, const Handler& handler) const;

    api::LocalBroker& broker_;
    api::LoginSessions* logins_;
};

// 401 with what may be shown.
Response unauthorized(const Request& request, std::string_view detail);
// Whether a page of another origin sends it, as its browser says.
bool comes_from_other_origin(const Request& request);

}  // namespace runnel::http
