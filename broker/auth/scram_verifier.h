// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runnel::auth {

inline constexpr uint32_t kScramIterationsDefault = 10'000;
inline constexpr uint32_t kScramIterationsMin = 4'096;  // RFC 7677 section 4.
inline constexpr uint32_t kScramIterationsMax = 10'000'000;
inline constexpr size_t kScramSaltSize = 16;
inline constexpr size_t kScramKeySize = 32;

// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3). Binary, not base64. It proves a login, and
// does not allow one.
struct ScramVerifier {
    uint32_t iterations = kScramIterationsDefault;
    std::string salt;
    std::string stored_key;
    std::string server_key;
    friend bool operator==(const ScramVerifier&, const ScramVerifier&) = default;
};

// Derives the verifier of a password; slow on purpose. The password is taken as the bytes it is: SASLprep, which leaves
// ASCII alone, is not applied.
ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt, uint32_t iterations);

}  // namespace runnel::auth
