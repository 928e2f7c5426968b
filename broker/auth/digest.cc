// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "broker/base/check.h"

namespace runnel::auth {
namespace {

constexpr size_t kSize = 32;

const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::string digest(kSize, '\0');
    const int made = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                                EVP_sha256(), nullptr);
    RUNNEL_CHECK(made == 1);
    return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string digest(kSize, '\0');
    const unsigned char* made = HMAC(EVP_sha256(), octets(key), static_cast<int>(key.size()), octets(bytes),
                                     bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    RUNNEL_CHECK(made != nullptr);
    return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace runnel::auth
