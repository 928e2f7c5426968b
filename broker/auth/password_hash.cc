// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <memory>

#include "broker/auth/digest.h"

namespace runnel::auth {
namespace {

constexpr const char* kYescrypt = "$y$";
constexpr size_t kYescryptDigits = 43;  // 256 bits in base 64.

// Hashes with the settings in front of `settings`, a whole hash or the result of crypt_gensalt. Empty if it fails.
std::string hash_with(std::string_view password, const std::string& settings) {
    // 32 KiB, too much for the stack of a pool's thread; holds the password, so it is wiped.
    const auto workspace = std::make_unique<crypt_data>();
    std::string terminated(password);
    const char* made = crypt_rn(terminated.c_str(), settings.c_str(), workspace.get(), sizeof(crypt_data));
    std::string password_hash = made != nullptr ? made : "";
    OPENSSL_cleanse(workspace.get(), sizeof(crypt_data));
    OPENSSL_cleanse(terminated.data(), terminated.size());
    return password_hash.starts_with(kYescrypt) ? password_hash : "";
}

bool is_crypt_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '/';
}

}  // namespace

bool can_hash(std::string_view password) {
    return !password.empty() && password.size() <= kPasswordSizeMax && password.find('\0') == std::string_view::npos;
}

std::string hash_password(std::string_view password) {
    if (!can_hash(password)) return {};
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> settings{};
    if (crypt_gensalt_rn(kYescrypt, 0, nullptr, 0, settings.data(), static_cast<int>(settings.size())) == nullptr)
        return {};
    return hash_with(password, settings.data());
}

bool is_password_hash(std::string_view text) {
    if (!text.starts_with(kYescrypt) || text.size() >= CRYPT_OUTPUT_SIZE) return false;
    if (!std::ranges::all_of(text, [](char c) { return is_crypt_digit(c) || c == '$'; })) return false;
    if (std::ranges::count(text, '$') != 4) return false;
    const size_t last = text.rfind('$');
    if (text.size() - last - 1 != kYescryptDigits) return false;
    return crypt_checksalt(std::string(text.substr(0, last)).c_str()) == CRYPT_SALT_OK;
}

bool verify_password(std::string_view password, const std::string& password_hash) {
    if (!can_hash(password)) return false;
    const std::string computed = hash_with(password, password_hash);
    return !computed.empty() && equal_in_constant_time(computed, password_hash);
}

}  // namespace runnel::auth
