// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/gate.h"

#include <utility>

#include "bridges/http/caller.h"
#include "broker/base/base64.h"

namespace runnel::http {
namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr std::string_view kBearer = "Bearer ";

bool has_scheme(std::string_view authorization, std::string_view scheme) {
    return equals_ignoring_case(authorization.substr(0, scheme.size()), scheme);
}

// User name and password of Basic; false if the field is malformed or of another scheme.
bool read_basic(std::string_view authorization, api::Credentials& credentials) {
    if (!has_scheme(authorization, kBasic)) return false;
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

std::optional<std::string> cookie_of(const Request& request, std::string_view name) {
    const std::string* field = request.headers.find("Cookie");
    std::string_view rest = field == nullptr ? std::string_view() : std::string_view(*field);
    while (!rest.empty()) {
        const size_t end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        while (pair.starts_with(' '))
            pair.remove_prefix(1);
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
            return std::string(pair.substr(name.size() + 1));
    }
    return std::nullopt;
}

bool changes_something(const Request& request) {
    return request.method != "GET" && request.method != "HEAD";
}

}  // namespace

// The window of a browser for Basic would come up behind the page that asks by itself.
Response unauthorized(const Request& request, std::string_view detail) {
    Response response = problem(401, "unauthorized", detail);
    const std::string* mode = request.headers.find("Sec-Fetch-Mode");
    const bool is_page = mode != nullptr && *mode != "navigate";
    response.headers.add("WWW-Authenticate",
                         is_page ? "Bearer realm=\"runnel\"" : "Basic realm=\"runnel\", charset=\"UTF-8\"");
    return response;
}

bool comes_from_other_origin(const Request& request) {
    const std::string* origin = request.headers.find("Origin");
    if (origin == nullptr) return false;
    const std::string* host = request.headers.find("Host");
    const size_t scheme = origin->find("://");
    return host == nullptr || scheme == std::string::npos || !equals_ignoring_case(origin->substr(scheme + 3), *host);
}

Routes::Handler Gate::user(Handler handler) const {
    return [this, handler = std::move(handler)](const ExchangeRef& exchange) { identify(exchange, handler); };
}

Routes::Handler Gate::admin(Handler handler) const {
    return user([this, handler = std::move(handler)](const ExchangeRef& exchange, const api::LocalClient& client) {
        if (broker_.is_admin(client)) return handler(exchange, client);
        exchange->answer(problem(403, "forbidden", "This needs an access rule with admin = true."));
    });
}

Routes::Guard Gate::admin_guard() const {
    return [this](Routes::Handler handler) {
        return admin([handler = std::move(handler)](const ExchangeRef& exchange, const api::LocalClient&) {
            handler(exchange);
        });
    };
}

std::optional<std::string> Gate::token_of(const Request& request) {
    const std::string* field = request.headers.find("Authorization");
    if (field != nullptr && has_scheme(*field, kBearer)) return field->substr(kBearer.size());
    return field != nullptr ? std::nullopt : cookie_of(request, kCookie);
}

std::optional<api::Identity> Gate::logged_in(const Request& request) const {
    const auto token = token_of(request);
    return token && logins_ != nullptr ? logins_->find(*token) : std::nullopt;
}

void Gate::identify(const ExchangeRef& exchange, const Handler& handler) const {
    const Request& request = exchange->request();
    if (changes_something(request) && comes_from_other_origin(request) && !exchange->caller().origin_is_allowed)
        return exchange->answer(
            problem(403, "cross-origin", "Pages of this origin may not do this: see http.origins."));
    if (const auto identity = logged_in(request)) return handler(exchange, client_of(*identity));
    const std::string* field = request.headers.find("Authorization");
    if (field != nullptr && has_scheme(*field, kBearer))
        return exchange->answer(unauthorized(request, "The login has ended: log in anew."));
    check_credentials(exchange, handler);
}

void Gate::check_credentials(const ExchangeRef& exchange, const Handler& handler) const {
    Caller& caller = exchange->caller();
    const std::string* field = exchange->request().headers.find("Authorization");
    const std::string authorization = field == nullptr ? std::string() : *field;
    const uint64_t generation = broker_.users_generation();
    if (caller.login && caller.login->users_generation == generation && caller.login->authorization == authorization)
        return handler(exchange, api::LocalClient(caller.login->client));
    api::Credentials credentials;
    credentials.client_identifier = "http";
    credentials.address = caller.origin.address;
    credentials.loopback = caller.origin.loopback;
    if (field != nullptr && !read_basic(authorization, credentials))
        return exchange->answer(
            unauthorized(exchange->request(), "The Authorization field is neither that of Basic nor of Bearer."));
    authenticate(exchange, std::move(credentials),
                 [exchange, handler, authorization, generation](const api::AuthenticationOutcome& outcome) {
                     exchange->caller().login = Caller::Login{authorization, client_of(outcome.identity), generation};
                     handler(exchange, api::LocalClient(exchange->caller().login->client));
                 });
}

void Gate::authenticate(const ExchangeRef& exchange, api::Credentials credentials,
                        std::function<void(const api::AuthenticationOutcome&)> accepted) const {
    const std::string address = credentials.address;
    const std::optional<std::string> user = credentials.user_name;
    const Duration wait = user && logins_ != nullptr ? logins_->wait_of(address, *user) : Duration{};
    if (wait > Duration{}) {
        Response response = problem(429, "too-many-logins", "Too many logins of this user have failed.");
        response.headers.add("Retry-After", std::to_string(wait.ms / 1000));
        return exchange->answer(response);
    }
    broker_.authenticate(std::move(credentials), [exchange, accepted = std::move(accepted), address, user,
                                                  logins = logins_](const api::AuthenticationOutcome& outcome) {
        if (outcome.reason == mqtt::ReasonCode::ServerBusy)
            return exchange->answer(problem(503, "busy", "Too many logins at the same time."));
        if (outcome.accepted()) return accepted(outcome);
        if (user && logins != nullptr) logins->has_failed(address, *user);
        exchange->answer(unauthorized(exchange->request(), user ? "User name or password is wrong." : "Log in."));
    });
}

}  // namespace runnel::http
