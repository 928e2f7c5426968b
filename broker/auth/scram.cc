// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/scram.h"

#include <algorithm>
#include <utility>

#include "broker/auth/digest.h"
#include "broker/base/base64.h"
#include "broker/mqtt/text.h"

namespace runnel::auth {
namespace {

constexpr size_t kMessageSizeMax = 4096;
constexpr size_t kServerNonceBytes = 18;
constexpr size_t kHeaderSize = 3;

// The next `x=value` of a message, up to a comma or the end; nothing if it has another name or is not there.
std::optional<std::string_view> take_attribute(std::string_view& rest, char name) {
    if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
    const size_t comma = rest.find(',');
    const std::string_view value = rest.substr(2, comma == std::string_view::npos ? comma : comma - 2);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return value;
}

bool is_printable(std::string_view nonce) {
    return !nonce.empty() && std::ranges::all_of(nonce, [](char c) { return c >= 0x21 && c <= 0x7E && c != ','; });
}

// A saslname: =2C stands for a comma and =3D for an equals sign, and no other = may appear.
std::optional<std::string> decode_name(std::string_view encoded) {
    std::string name;
    while (!encoded.empty()) {
        const size_t equals = std::min(encoded.find('='), encoded.size());
        name.append(encoded.substr(0, equals));
        encoded.remove_prefix(equals);
        if (encoded.empty()) break;
        if (encoded.starts_with("=2C"))
            name += ',';
        else if (encoded.starts_with("=3D"))
            name += '=';
        else
            return std::nullopt;
        encoded.remove_prefix(3);
    }
    if (name.empty() || !mqtt::is_valid_text(name)) return std::nullopt;
    return name;
}

std::string exclusive_or(std::string_view a, std::string_view b) {
    std::string result(a);
    for (size_t i = 0; i < result.size() && i < b.size(); ++i)
        result[i] = static_cast<char>(result[i] ^ b[i]);
    return result;
}

// What a user without a verifier is shown: always the same for one name, as a real salt would be.
ScramVerifier made_up_verifier(const PasswordSet& users, std::string_view user_name) {
    const std::string digest = hmac_sha256(users.decoy_secret(), user_name);
    return {.iterations = users.decoy_iterations(),
            .salt = digest.substr(0, kScramSaltSize),
            .stored_key = std::string(kScramKeySize, '\0'),
            .server_key = std::string(kScramKeySize, '\0')};
}

}  // namespace

ScramExchange::ScramExchange(PasswordSetRef users, std::optional<std::string> user_name, std::string_view random_seed)
    : users_(std::move(users)),
      expected_user_name_(std::move(user_name)),
      server_nonce_(encode_base64(hmac_sha256(random_seed, "server nonce").substr(0, kServerNonceBytes))) {}

api::AuthenticationStep ScramExchange::step(std::string_view authentication_data) {
    if (state_ == State::Finished) return refuse("the exchange is over");
    if (authentication_data.size() > kMessageSizeMax) return refuse("message too long");
    if (state_ == State::Challenged) return handle_final(authentication_data);
    if (state_ == State::Start && authentication_data.empty()) {
        state_ = State::AskedForFirst;
        return {.next = api::AuthenticationStep::Next::Continue, .authentication_data = {}, .outcome = {}};
    }
    return handle_first(authentication_data);
}

api::AuthenticationStep ScramExchange::handle_first(std::string_view message) {
    if (message.starts_with("p=")) return refuse("channel binding is not supported");
    if (message.starts_with("n,a=") || message.starts_with("y,a=")) return refuse("authorization identity given");
    if (!message.starts_with("n,,") && !message.starts_with("y,,")) return refuse("malformed first message");
    header_ = message.substr(0, kHeaderSize);
    const std::string_view bare = message.substr(kHeaderSize);
    std::string_view rest = bare;
    const auto encoded_name =
        take_attribute(rest, 'n');  // Not m=, which stands for extensions that must be understood.
    const auto client_nonce = encoded_name ? take_attribute(rest, 'r') : std::nullopt;
    if (!client_nonce || !is_printable(*client_nonce)) return refuse("malformed first message");
    auto user_name = decode_name(*encoded_name);
    if (!user_name) return refuse("malformed user name");
    user_name_ = std::move(*user_name);
    if (expected_user_name_ && *expected_user_name_ != user_name_) return refuse("another user than in CONNECT");

    const PasswordEntry* entry = users_->find(user_name_);
    known_ = entry != nullptr && entry->scram;
    verifier_ = made_up_verifier(*users_, user_name_);
    if (known_) verifier_ = *entry->scram;
    nonce_ = std::string(*client_nonce) + server_nonce_;
    std::string challenge =
        "r=" + nonce_ + ",s=" + encode_base64(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
    signed_ = std::string(bare) + "," + challenge + ",";
    state_ = State::Challenged;
    return {
        .next = api::AuthenticationStep::Next::Continue, .authentication_data = std::move(challenge), .outcome = {}};
}

api::AuthenticationStep ScramExchange::handle_final(std::string_view message) {
    const size_t proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) return refuse("malformed final message");
    const std::string_view without_proof = message.substr(0, proof_at);
    std::string_view rest = without_proof;
    const auto binding = take_attribute(rest, 'c');
    const auto nonce = binding ? take_attribute(rest, 'r') : std::nullopt;
    if (!nonce) return refuse("malformed final message");
    if (*binding != encode_base64(header_)) return refuse("channel binding differs");
    if (!equal_in_constant_time(*nonce, nonce_)) return refuse("nonce differs");
    const auto proof = decode_base64(message.substr(proof_at + 3));
    if (!proof || proof->size() != kScramKeySize) return refuse("malformed proof");
    if (!proof_holds(without_proof, *proof)) return refuse("unknown user or wrong password");
    state_ = State::Finished;
    return {
        .next = api::AuthenticationStep::Next::Accepted,
        .authentication_data = "v=" + encode_base64(server_signature_),
        .outcome = {
            .reason = mqtt::ReasonCode::Success, .identity = {.user_name = user_name_, .anonymous = false}, .why = {}}};
}

// RFC 5802 section 3: the proof, taken off the signature, must give a key whose hash is the stored one.
bool ScramExchange::proof_holds(std::string_view without_proof, std::string_view proof) {
    signed_.append(without_proof);
    const std::string client_key = exclusive_or(proof, hmac_sha256(verifier_.stored_key, signed_));
    const bool equal = equal_in_constant_time(sha256(client_key), verifier_.stored_key);
    server_signature_ = hmac_sha256(verifier_.server_key, signed_);
    return equal && known_;
}

// 0x87 may stand in a CONNACK and in a DISCONNECT, so it serves a re-authentication too.
api::AuthenticationStep ScramExchange::refuse(std::string_view why) {
    state_ = State::Finished;
    const std::string claimed = user_name_.empty() ? "" : " of " + user_name_;
    return {.next = api::AuthenticationStep::Next::Refused,
            .authentication_data = {},
            .outcome = {.reason = mqtt::ReasonCode::NotAuthorized,
                        .identity = {},
                        .why = std::string(kScramMethod) + claimed + ": " + std::string(why)}};
}

}  // namespace runnel::auth
