// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/identity.h"
#include "broker/mqtt/reason_code.h"

namespace runnel::api {

// What a client shows of itself in CONNECT. Absent and empty are different things.
struct Credentials {
    std::string client_identifier;
    std::optional<std::string> user_name;
    std::optional<std::string> password;
    std::string address;    // Of the peer, for the log.
    bool loopback = false;  // The peer is on this machine: a loopback address or a Unix socket.
};

// The end of a login: an identity, or why there is none.
struct AuthenticationOutcome {
    mqtt::ReasonCode reason = mqtt::ReasonCode::NotAuthorized;
    Identity identity;
    std::string why;  // For the log; never holds a secret.
    bool accepted() const { return !mqtt::is_error(reason); }
};

// One step of an enhanced authentication (section 4.12).
struct AuthenticationStep {
    enum class Next : uint8_t { Continue, Accepted, Refused } next = Next::Refused;
    std::string
        authentication_data;  // For the client: in AUTH when it continues, in CONNACK (or AUTH 0x00) when accepted.
    AuthenticationOutcome outcome;  // When accepted or refused.
};

// One run of an enhanced authentication: challenge and response with one client. Used by one thread at a time; must not
// block: anything slow belongs behind check().
class AuthenticationExchange {
public:
    virtual ~AuthenticationExchange() = default;
    virtual AuthenticationStep step(std::string_view authentication_data) = 0;
};

// Checks who clients are. Asked from every event loop; implementations are safe for that.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    // Checks user name and password; may be slow (password hashes are meant to be): called on a thread of the pool,
    // never on an event loop, unless quick_check knows the answer.
    virtual AuthenticationOutcome check(const Credentials& credentials) const = 0;
    // The answer, if it takes no time (an anonymous client, an unknown method); nothing if check() must be asked.
    virtual std::optional<AuthenticationOutcome> quick_check(const Credentials& credentials) const = 0;

    // Starts an exchange by Authentication Method, or nothing if the method is not supported [MQTT-4.12.0-1].
    // `random_seed` are 32 secret random bytes for nonces.
    virtual std::unique_ptr<AuthenticationExchange> begin(std::string_view authentication_method,
                                                          const Credentials& credentials,
                                                          std::string_view random_seed) const = 0;
};

using AuthenticatorRef = std::shared_ptr<const Authenticator>;

}  // namespace runnel::api
