// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/scram_verifier.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "broker/auth/digest.h"
#include "broker/base/check.h"

namespace runnel::auth {

ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt, uint32_t iterations) {
    std::string salted_password(kScramKeySize, '\0');
    const int made = PKCS5_PBKDF2_HMAC(
        password.data(), static_cast<int>(password.size()), reinterpret_cast<const unsigned char*>(salt.data()),
        static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
        static_cast<int>(salted_password.size()), reinterpret_cast<unsigned char*>(salted_password.data()));
    RUNNEL_CHECK(made == 1);
    ScramVerifier verifier{.iterations = iterations,
                           .salt = std::string(salt),
                           .stored_key = sha256(hmac_sha256(salted_password, "Client Key")),
                           .server_key = hmac_sha256(salted_password, "Server Key")};
    OPENSSL_cleanse(salted_password.data(), salted_password.size());
    return verifier;
}

}  // namespace runnel::auth
