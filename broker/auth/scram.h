// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/authenticator.h"
#include "broker/auth/password_file.h"

namespace runnel::auth {

inline constexpr std::string_view kScramMethod = "SCRAM-SHA-256";

// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) for one client:
//
//     client  n,,n=user,r=<client nonce>
//     server  r=<client nonce><server nonce>,s=<salt>,i=<iterations>
//     client  c=biws,r=<both nonces>,p=<proof>
//     server  v=<signature>
//
// Without channel binding and without authorization identities. A client that starts with no data is asked for its
// first message by an empty challenge (RFC 4422 section 3). An unknown user sees the same conversation as one with a
// wrong password.
class ScramExchange final : public api::AuthenticationExchange {
public:
    // `user_name` is what CONNECT held: if present, it must be the user of the exchange too. `random_seed` are 32
    // secret random bytes.
    ScramExchange(PasswordSetRef users, std::optional<std::string> user_name, std::string_view random_seed);

    api::AuthenticationStep step(std::string_view authentication_data) override;

private:
    enum class State : uint8_t { Start, AskedForFirst, Challenged, Finished };

    api::AuthenticationStep handle_first(std::string_view message);
    api::AuthenticationStep handle_final(std::string_view message);
    api::AuthenticationStep refuse(std::string_view why);
    bool proof_holds(std::string_view without_proof, std::string_view proof);

    PasswordSetRef users_;
    std::optional<std::string> expected_user_name_;
    std::string server_nonce_;
    State state_ = State::Start;

    std::string user_name_;
    ScramVerifier verifier_;
    bool known_ = false;  // Whether verifier_ is the user's, not made up.
    std::string header_;  // "n,," or "y,,", which the client repeats in base64.
    std::string nonce_;
    std::string signed_;  // What both sides sign, as far as it is known.
    std::string server_signature_;
};

}  // namespace runnel::auth
