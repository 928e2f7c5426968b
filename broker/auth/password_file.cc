// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_file.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "broker/auth/digest.h"
#include "broker/auth/password_hash.h"
#include "broker/auth/text_file.h"
#include "broker/base/base64.h"
#include "broker/mqtt/text.h"

namespace runnel::auth {
namespace {

constexpr std::string_view kScramMark = "scram-sha-256";
constexpr size_t kFieldsWithoutScram = 2;
constexpr size_t kFieldsWithScram = 7;

// What libcrypt makes by default, of a password that nobody knows. Only its settings matter.
constexpr const char* kDecoyHash = "$y$j9T$VnDqUGpXSZmB8qP2l3Tgw/$LR.8ff7/eCepP2LuPrss8tGVd9Rhh.xi8JgQR/FlgWD";

std::vector<std::string_view> split_at_colons(std::string_view line) {
    std::vector<std::string_view> fields;
    while (true) {
        const size_t colon = line.find(':');
        fields.push_back(line.substr(0, colon));
        if (colon == std::string_view::npos) return fields;
        line.remove_prefix(colon + 1);
    }
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string quoted(std::string_view user_name) {
    return "\"" + std::string(user_name) + "\"";
}

std::optional<uint32_t> parse_iterations(std::string_view text) {
    uint32_t iterations = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), iterations);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || iterations < kScramIterationsMin || iterations > kScramIterationsMax) return std::nullopt;
    return iterations;
}

std::optional<ScramVerifier> parse_verifier(const std::vector<std::string_view>& fields) {
    const auto iterations = parse_iterations(fields[3]);
    auto salt = decode_base64(fields[4]);
    auto stored_key = decode_base64(fields[5]);
    auto server_key = decode_base64(fields[6]);
    if (!iterations || !salt || salt->size() < 8 || salt->size() > 64) return std::nullopt;
    if (!stored_key || stored_key->size() != kScramKeySize) return std::nullopt;
    if (!server_key || server_key->size() != kScramKeySize) return std::nullopt;
    return ScramVerifier{*iterations, std::move(*salt), std::move(*stored_key), std::move(*server_key)};
}

struct BrokenLine {
    std::string what;
};
using ParsedLine = std::pair<std::string, PasswordEntry>;

Result<ParsedLine, BrokenLine> parse_line(std::string_view line) {
    const auto fields = split_at_colons(line);
    if (fields.size() < kFieldsWithoutScram) return BrokenLine{"no colon; a line is name:hash"};
    if (const auto fault = user_name_fault(fields[0])) return BrokenLine{"the user name " + *fault};
    const std::string user_name(fields[0]);
    if (!is_password_hash(fields[1]))
        return BrokenLine{"user " + quoted(user_name) + " has no yescrypt hash ($y$...); `runnelctl passwd` makes one"};
    PasswordEntry entry{.password_hash = std::string(fields[1]), .scram = std::nullopt};
    if (fields.size() == kFieldsWithoutScram) return ParsedLine{user_name, std::move(entry)};
    if (fields.size() != kFieldsWithScram || fields[2] != kScramMark)
        return BrokenLine{"user " + quoted(user_name) + " has something behind the hash that is not " +
                          std::string(kScramMark) + ":iterations:salt:StoredKey:ServerKey"};
    entry.scram = parse_verifier(fields);
    if (!entry.scram) return BrokenLine{"user " + quoted(user_name) + " has a damaged SCRAM-SHA-256 verifier"};
    return ParsedLine{user_name, std::move(entry)};
}

// The lines that hold users, with their numbers from 1.
std::vector<std::pair<int, std::string_view>> user_lines(std::string_view text) {
    std::vector<std::pair<int, std::string_view>> lines;
    for (int number = 1; !text.empty(); ++number) {
        const size_t newline = text.find('\n');
        std::string_view line = text.substr(0, newline);
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool blank = line.find_first_not_of(" \t") == std::string_view::npos;
        if (!blank && !line.starts_with('#')) lines.emplace_back(number, line);
    }
    return lines;
}

}  // namespace

std::string PasswordFileError::text() const {
    return line == 0 ? path + ": " + what : path + ":" + std::to_string(line) + ": " + what;
}

const PasswordEntry* PasswordSet::find(std::string_view user_name) const {
    const auto found = entries_.find(user_name);
    return found == entries_.end() ? nullptr : &found->second;
}

void PasswordSet::choose_decoy(const PasswordEntry* first_user, const PasswordEntry* first_scram_user) {
    decoy_hash_ = first_user != nullptr ? first_user->password_hash : kDecoyHash;
    if (first_scram_user != nullptr) decoy_iterations_ = first_scram_user->scram->iterations;
    // No client can know a hash of the file, and it is the same after a restart.
    decoy_secret_ = sha256("runnel decoy salt " + decoy_hash_);
}

Result<PasswordSet, std::vector<PasswordFileError>> parse_password_file(std::string_view path, std::string_view text) {
    PasswordSet users;
    std::vector<PasswordFileError> errors;
    const PasswordEntry* first_user = nullptr;
    const PasswordEntry* first_scram_user = nullptr;
    for (const auto& [number, line] : user_lines(text)) {
        auto parsed = parse_line(line);
        if (!parsed) {
            errors.push_back({std::string(path), number, parsed.error().what});
            continue;
        }
        const auto [entry, added] = users.entries_.insert(std::move(*parsed));
        if (!added) errors.push_back({std::string(path), number, "user " + quoted(entry->first) + " appears twice"});
        if (first_user == nullptr) first_user = &entry->second;
        if (first_scram_user == nullptr && entry->second.scram) first_scram_user = &entry->second;
    }
    if (!errors.empty()) return errors;
    users.choose_decoy(first_user, first_scram_user);
    return users;
}

Result<PasswordSet, std::vector<PasswordFileError>> read_password_file(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text) return std::vector{PasswordFileError{path, 0, text.error().what}};
    return parse_password_file(path, *text);
}

std::optional<std::string> user_name_fault(std::string_view user_name) {
    if (user_name.empty()) return "is empty";
    if (user_name.size() > 65'535) return "is longer than MQTT can carry";
    if (user_name.starts_with('#')) return "starts with #, as comments do";
    if (user_name.find(':') != std::string_view::npos) return "holds a colon";
    if (user_name.front() == ' ' || user_name.back() == ' ') return "starts or ends with a blank";
    if (std::ranges::any_of(user_name, is_control)) return "holds a control character";
    if (!mqtt::is_valid_text(user_name)) return "is not valid UTF-8";
    return std::nullopt;
}

std::optional<std::string> password_fault(std::string_view password) {
    if (password.empty()) return "is empty";
    if (password.size() > kPasswordSizeMax) return "is longer than " + std::to_string(kPasswordSizeMax) + " bytes";
    if (!can_hash(password)) return "holds a zero byte";
    return std::nullopt;
}

std::string make_password_line(std::string_view user_name, std::string_view password) {
    RUNNEL_CHECK(!user_name_fault(user_name) && !password_fault(password));
    std::string salt(kScramSaltSize, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1) return {};
    const std::string password_hash = hash_password(password);
    if (password_hash.empty()) return {};
    const ScramVerifier verifier = make_scram_verifier(password, salt, kScramIterationsDefault);
    std::string line(user_name);
    for (const std::string& field :
         {password_hash, std::string(kScramMark), std::to_string(verifier.iterations), encode_base64(verifier.salt),
          encode_base64(verifier.stored_key), encode_base64(verifier.server_key)})
        line.append(":").append(field);
    return line;
}

}  // namespace runnel::auth
