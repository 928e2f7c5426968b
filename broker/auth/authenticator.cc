// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/authenticator.h"

#include <utility>

#include "broker/auth/password_hash.h"
#include "broker/auth/scram.h"

namespace runnel::auth {
namespace {

using mqtt::ReasonCode;

api::AuthenticationOutcome refused(ReasonCode reason, std::string_view why) {
    return {.reason = reason, .identity = {}, .why = std::string(why)};
}

bool shows_nothing(const api::Credentials& credentials) {
    return !credentials.user_name && !credentials.password;
}

}  // namespace

PasswordAuthenticator::PasswordAuthenticator(AnonymousPolicy anonymous, PasswordSetRef users)
    : anonymous_(anonymous), users_(std::move(users)) {}

api::AuthenticationOutcome PasswordAuthenticator::check(const api::Credentials& credentials) const {
    if (auto outcome = quick_check(credentials)) return std::move(*outcome);
    const PasswordEntry* entry = users_->find(*credentials.user_name);
    const std::string& password_hash = entry != nullptr ? entry->password_hash : users_->decoy_hash();
    const bool verified = verify_password(*credentials.password, password_hash);
    if (!verified || entry == nullptr)
        return refused(ReasonCode::BadUserNameOrPassword, "unknown user or wrong password");
    return {.reason = ReasonCode::Success,
            .identity = {.user_name = *credentials.user_name, .anonymous = false},
            .why = {}};
}

std::optional<api::AuthenticationOutcome> PasswordAuthenticator::quick_check(
    const api::Credentials& credentials) const {
    if (users_ == nullptr || shows_nothing(credentials)) return check_anonymous(credentials);
    // Whether the user exists must not show here: only what the client knows anyway decides.
    if (!credentials.user_name || credentials.user_name->empty())
        return refused(ReasonCode::BadUserNameOrPassword, "password without a user name");
    if (!credentials.password || !can_hash(*credentials.password))
        return refused(ReasonCode::BadUserNameOrPassword, "no password that could be right");
    return std::nullopt;
}

std::unique_ptr<api::AuthenticationExchange> PasswordAuthenticator::begin(std::string_view authentication_method,
                                                                          const api::Credentials& credentials,
                                                                          std::string_view random_seed) const {
    if (users_ == nullptr || authentication_method != kScramMethod) return nullptr;
    return std::make_unique<ScramExchange>(users_, credentials.user_name, random_seed);
}

api::AuthenticationOutcome PasswordAuthenticator::check_anonymous(const api::Credentials& credentials) const {
    const bool allowed =
        anonymous_ == AnonymousPolicy::Always || (anonymous_ == AnonymousPolicy::Loopback && credentials.loopback);
    if (allowed) return {.reason = ReasonCode::Success, .identity = {}, .why = {}};
    if (shows_nothing(credentials)) return refused(ReasonCode::NotAuthorized, "anonymous clients are not allowed");
    return refused(ReasonCode::BadUserNameOrPassword, "no password file to check the user by");
}

}  // namespace runnel::auth
