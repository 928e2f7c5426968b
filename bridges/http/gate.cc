// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/gate.h"

#include <utility>

#include "bridges/http/caller.h"
#include "broker/base/base64.h"

namespace runnel::http {
namespace {

constexpr std::string_view kBasic = "Basic ";

Response unauthorized(std::string_view detail) {
    Response response = problem(401, "unauthorized", detail);
    response.headers.add("WWW-Authenticate", "Basic realm=\"runnel\", charset=\"UTF-8\"");
    return response;
}

// User name and password of Basic; false if the field is malformed or of another scheme.
bool read_basic(std::string_view authorization, api::Credentials& credentials) {
    if (!equals_ignoring_case(authorization.substr(0, kBasic.size()), kBasic)) return false;
    const auto decoded = decode_base64(authorization.substr(kBasic.size()));
    const size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) return false;
    credentials.user_name = decoded->substr(0, colon);
    credentials.password = decoded->substr(colon + 1);
    return true;
}

api::LocalClient client_of(const api::Identity& identity) {
    return {identity, identity.anonymous ? "http" : "http-" + identity.user_name};
}

Response refusal_of(const api::AuthenticationOutcome& outcome, bool has_shown_itself) {
    if (outcome.reason == mqtt::ReasonCode::ServerBusy)
        return problem(503, "busy", "Too many logins at the same time.");
    return unauthorized(has_shown_itself ? "User name or password is wrong." : "Log in with HTTP Basic.");
}

}  // namespace

Routes::Handler Gate::user(Handler handler) const {
    return [this, handler = std::move(handler)](const ExchangeRef& exchange) { identify(exchange, handler); };
}

Routes::Handler Gate::admin(Handler handler) const {
    return user([this, handler = std::move(handler)](const ExchangeRef& exchange, const api::LocalClient& client) {
        if (broker_.is_admin(client)) return handler(exchange, client);
        exchange->answer(problem(403, "forbidden", "This needs an access rule with admin = true."));
    });
}

void Gate::identify(const ExchangeRef& exchange, const Handler& handler) const {
    Caller& caller = exchange->caller();
    const std::string* field = exchange->request().headers.find("Authorization");
    const std::string authorization = field == nullptr ? std::string() : *field;
    const uint64_t generation = broker_.users_generation();
    if (caller.login && caller.login->users_generation == generation && caller.login->authorization == authorization)
        return handler(exchange, caller.login->client);
    api::Credentials credentials;
    credentials.client_identifier = "http";
    credentials.address = caller.origin.address;
    credentials.loopback = caller.origin.loopback;
    if (field != nullptr && !read_basic(authorization, credentials))
        return exchange->answer(unauthorized("The Authorization field is not that of HTTP Basic."));
    broker_.authenticate(std::move(credentials), [exchange, handler, authorization,
                                                  generation](const api::AuthenticationOutcome& outcome) {
        if (!outcome.accepted()) return exchange->answer(refusal_of(outcome, !authorization.empty()));
        exchange->caller().login = Caller::Login{authorization, client_of(outcome.identity), generation};
        handler(exchange, api::LocalClient(exchange->caller().login->client));
    });
}

}  // namespace runnel::http
