// SPDX-License-Identifier: Apache-2.0
// Who may come in and do what in a simulated world, and what it writes in its log.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "broker/api/access_control.h"
#include "broker/api/authenticator.h"
#include "broker/base/log.h"
#include "broker/base/random.h"
#include "broker/base/secret_source.h"
#include "test/simulation/complaints.h"
#include "test/simulation/schedule.h"

namespace runnel::simulation {

// Nobody may publish to these, and nobody may subscribe to them.
inline bool is_denied(std::string_view topic) {
    return topic.starts_with("denied/");
}
// Broad filters match these, but nobody may receive them.
inline bool is_hidden(std::string_view topic) {
    return topic.starts_with("hidden/");
}

constexpr std::string_view kIntruder = "intruder";
constexpr std::string_view kWrongPassword = "wrong";
constexpr std::string_view kAuthenticationMethod = "riddle";
constexpr std::string_view kRiddle = "what comes after one?";
constexpr std::string_view kAnswer = "two";

// Everybody is who they say, unless the password is kWrongPassword. User names that begin with "slow" take a while.
// Knows one Authentication Method: a question and its answer.
class Doorkeeper : public api::Authenticator {
public:
    api::AuthenticationOutcome check(const api::Credentials& credentials) const override;
    std::optional<api::AuthenticationOutcome> quick_check(const api::Credentials& credentials) const override;
    std::unique_ptr<api::AuthenticationExchange> begin(std::string_view authentication_method,
                                                       const api::Credentials& credentials,
                                                       std::string_view random_seed) const override;
};

class HouseRules : public api::AccessControl {
public:
    explicit HouseRules(bool hides_topics) : hides_topics_(hides_topics) {}
    bool may_publish(const api::AccessSubject&, std::string_view topic) const override { return !is_denied(topic); }
    bool may_subscribe(const api::AccessSubject&, std::string_view filter) const override { return !is_denied(filter); }
    bool may_receive(const api::AccessSubject&, std::string_view topic) const override {
        return !hides_topics_ || !is_hidden(topic);
    }
    bool checks_delivery() const override { return hides_topics_; }
    bool is_admin(const api::AccessSubject&) const override { return true; }

private:
    bool hides_topics_;
};

class SeededSecrets : public SecretSource {
public:
    explicit SeededSecrets(uint64_t seed) : random_(seed) {}
    uint64_t next() override { return random_.next(); }

private:
    Random random_;
};

// An error in the log is a broken promise: nothing that clients do may cause one.
class WatchedLog : public LogSink {
public:
    WatchedLog(const Schedule& schedule, Complaints& complaints) : schedule_(schedule), complaints_(complaints) {}
    void write(LogLevel level, std::string_view message, std::span<const LogField>) override {
        if (level == LogLevel::Error) complaints_.add(schedule_.now(), "no error in the log", std::string(message));
    }
    // All but the conversations, so that the lines are made.
    LogLevel level() const override { return LogLevel::Debug; }

private:
    const Schedule& schedule_;
    Complaints& complaints_;
};

}  // namespace runnel::simulation
