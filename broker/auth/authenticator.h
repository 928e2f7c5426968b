// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "broker/api/authenticator.h"
#include "broker/auth/password_file.h"

namespace runnel::auth {

// Who may come in without showing who he is. Loopback means peers on this machine.
enum class AnonymousPolicy : uint8_t { Never, Loopback, Always };

// Checks clients by the password file, if there is one. Immutable, so any thread may ask; a reload makes a new one.
//
//     password file | client shows                | answer
//     none          | anything                    | anonymous, if the policy allows it: nobody checks the name, so it
//                   |                             | means nothing; otherwise 0x87 without a User Name, 0x86 with one
//     given         | no User Name, no Password   | anonymous, if the policy allows it; otherwise 0x87
//     given         | User Name, or Password only | the user if both are right; otherwise 0x86, also on loopback
//
// An empty or missing Password is never right. Unknown users cost as much as known ones and get the same answer.
class PasswordAuthenticator final : public api::Authenticator {
public:
    // `users` may be null: no password file.
    PasswordAuthenticator(AnonymousPolicy anonymous, PasswordSetRef users);

    api::AuthenticationOutcome check(const api::Credentials& credentials) const override;
    std::optional<api::AuthenticationOutcome> quick_check(const api::Credentials& credentials) const override;
    std::unique_ptr<api::AuthenticationExchange> begin(std::string_view authentication_method,
                                                       const api::Credentials& credentials,
                                                       std::string_view random_seed) const override;

private:
    api::AuthenticationOutcome check_anonymous(const api::Credentials& credentials) const;

    AnonymousPolicy anonymous_;
    PasswordSetRef users_;
};

}  // namespace runnel::auth
