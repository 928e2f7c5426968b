// SPDX-License-Identifier: Apache-2.0
// The password file: one line a user,
//
//     name:$y$...                                                  a yescrypt hash, for User Name and Password
//     name:$y$...:scram-sha-256:iterations:salt:StoredKey:ServerKey   and a verifier for SCRAM-SHA-256, in base64
//
// Empty lines and lines that start with # are skipped. Any other line that is not of this form makes the whole file
// invalid, so that a damaged file never lets anybody in.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/auth/scram_verifier.h"
#include "broker/base/result.h"

namespace runnel::auth {

// What is wrong with a password file. Never holds a part of a hash.
struct PasswordFileError {
    std::string path;
    int line = 0;  // 0 = the file as a whole.
    std::string what;
    std::string text() const;  // "users:3: user \"a\" appears twice"
};

struct PasswordEntry {
    std::string password_hash;
    std::optional<ScramVerifier> scram;
};

// The users of one password file. Immutable once read; any thread may ask.
class PasswordSet {
public:
    // Nothing for an unknown user.
    const PasswordEntry* find(std::string_view user_name) const;
    size_t size() const { return entries_.size(); }

    // For unknown users, who must cost and look the same as known ones: settings to hash a password with, the SCRAM
    // iterations to announce, and a secret to derive a salt from. They stay the same while the first user does.
    const std::string& decoy_hash() const { return decoy_hash_; }
    uint32_t decoy_iterations() const { return decoy_iterations_; }
    const std::string& decoy_secret() const { return decoy_secret_; }

private:
    friend Result<PasswordSet, std::vector<PasswordFileError>> parse_password_file(std::string_view path,
                                                                                   std::string_view text);
    PasswordSet() = default;
    void choose_decoy(const PasswordEntry* first_user, const PasswordEntry* first_scram_user);

    std::map<std::string, PasswordEntry, std::less<>> entries_;
    std::string decoy_hash_;
    uint32_t decoy_iterations_ = kScramIterationsDefault;
    std::string decoy_secret_;
};

using PasswordSetRef = std::shared_ptr<const PasswordSet>;

// `path` only names the text in errors. A text without users is valid: then nobody can log in by password.
Result<PasswordSet, std::vector<PasswordFileError>> parse_password_file(std::string_view path, std::string_view text);
Result<PasswordSet, std::vector<PasswordFileError>> read_password_file(const std::string& path);

// Why this can be no user name or password of a password file; nothing if it can.
std::optional<std::string> user_name_fault(std::string_view user_name);
std::optional<std::string> password_fault(std::string_view password);

// The line of a user, without a newline: a fresh hash and a fresh SCRAM verifier. Takes some 50 ms on purpose. User
// name and password are without fault. Empty if the system gives no random bytes or no memory.
std::string make_password_line(std::string_view user_name, std::string_view password);

// Puts `line` in the place of the line of the same user, or behind the others; creates the file (mode 0600) if there is
// none. Every other line, comments too, stays as it is. Atomic: a reader sees the old file or the new one, also after a
// power cut; two writers wait for each other. Keeps owner and mode of an existing file. Refuses to touch an invalid
// file. Nothing if it is done, otherwise what went wrong.
std::optional<std::string> update_password_file(const std::string& path, std::string_view line);
// The same for taking a user away. A user who is not there is an error.
std::optional<std::string> remove_from_password_file(const std::string& path, std::string_view user_name);

}  // namespace runnel::auth
