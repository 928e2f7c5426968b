// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace runnel::auth {

// Longer passwords cannot be hashed (a limit of libcrypt), so they match nothing.
inline constexpr size_t kPasswordSizeMax = 511;

// A yescrypt hash with a random salt; some 20 ms and 16 MiB, on purpose. Empty if the system gives no random bytes or
// no memory, or if the password cannot be hashed: see can_hash.
std::string hash_password(std::string_view password);

// Whether the text has the form of a yescrypt hash: "$y$parameters$salt$hash".
bool is_password_hash(std::string_view text);

// A password that libcrypt takes as it is: not empty, not too long, no zero byte.
bool can_hash(std::string_view password);

// Whether the hash was made of this password. Takes the time of hashing whatever the answer is, and compares in
// constant time. Any thread.
bool verify_password(std::string_view password, const std::string& password_hash);

}  // namespace runnel::auth
