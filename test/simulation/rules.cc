// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/rules.h"

namespace runnel::simulation {
namespace {

// Every client is a user of its own, but for those who only say so.
api::Identity identity_of(const api::Credentials& credentials) {
    if (credentials.user_name == kIntruder) return {std::string(kIntruder), false};
    return {"owner of " + credentials.client_identifier, false};
}

class Riddle : public api::AuthenticationExchange {
public:
    explicit Riddle(api::Identity identity) : identity_(std::move(identity)) {}

    api::AuthenticationStep step(std::string_view authentication_data) override {
        api::AuthenticationStep step;
        step.outcome.identity = identity_;
        if (!std::exchange(asked_, true)) {
            step.next = api::AuthenticationStep::Next::Continue;
            step.authentication_data = kRiddle;
        } else if (authentication_data == kAnswer) {
            step.next = api::AuthenticationStep::Next::Accepted;
            step.outcome.reason = mqtt::ReasonCode::Success;
        }
        return step;
    }

private:
    api::Identity identity_;
    bool asked_ = false;
};

}  // namespace

api::AuthenticationOutcome Doorkeeper::check(const api::Credentials& credentials) const {
    api::AuthenticationOutcome outcome;
    outcome.identity = identity_of(credentials);
    const bool right = credentials.password != kWrongPassword;
    outcome.reason = right ? mqtt::ReasonCode::Success : mqtt::ReasonCode::BadUserNameOrPassword;
    if (!right) outcome.why = "the password is wrong";
    return outcome;
}

std::optional<api::AuthenticationOutcome> Doorkeeper::quick_check(const api::Credentials& credentials) const {
    if (credentials.user_name.value_or("").starts_with("slow")) return std::nullopt;
    return check(credentials);
}

std::unique_ptr<api::AuthenticationExchange> Doorkeeper::begin(std::string_view authentication_method,
                                                               const api::Credentials& credentials,
                                                               std::string_view) const {
    if (authentication_method != kAuthenticationMethod) return nullptr;
    return std::make_unique<Riddle>(identity_of(credentials));
}

}  // namespace runnel::simulation
