// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/scram.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "broker/auth/digest.h"
#include "broker/base/base64.h"

namespace runnel::auth {
namespace {

using Next = api::AuthenticationStep::Next;

const std::string kHash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";
// Of the password "pencil", with the salt of RFC 7677 section 3.
const std::string kPencil =
    ":scram-sha-256:4096:W22ZaJ0SNY7soEsUEjb6gQ==:WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
const std::string kSeed(32, 'x');

PasswordSetRef make_users(const std::string& more = "") {
    auto users = parse_password_file(
        "users", "user:" + kHash + kPencil + "\nno scram:" + kHash + "\na,b=c:" + kHash + kPencil + "\n" + more);
    REQUIRE(users);
    return std::make_shared<const PasswordSet>(*std::move(users));
}

std::map<char, std::string> attributes_of(const std::string& message) {
    std::map<char, std::string> attributes;
    for (size_t at = 0; at < message.size();) {
        const size_t comma = std::min(message.find(',', at), message.size());
        attributes[message[at]] = message.substr(at + 2, comma - at - 2);
        at = comma + 1;
    }
    return attributes;
}

// The client's side, written from RFC 5802 section 3.
struct Client {
    std::string password = "pencil";
    std::string first_bare = "n=user,r=rOprNGfwEbeRWgbNEkqO";
    std::string header = "n,,";
    std::string server_signature;
    std::string said_header;  // What the final message repeats, if it is not the header.
    std::string said_nonce;   // The same for the nonce.

    std::string first() const { return header + first_bare; }
    std::string final(const std::string& server_first) {
        auto attributes = attributes_of(server_first);
        const std::string salt = decode_base64(attributes['s']).value();
        const auto iterations = static_cast<uint32_t>(std::stoul(attributes['i']));
        std::string salted = hmac_sha256(password, salt + std::string("\0\0\0\1", 4));
        std::string block = salted;
        for (uint32_t i = 1; i < iterations; ++i) {
            block = hmac_sha256(password, block);
            for (size_t j = 0; j < block.size(); ++j)
                salted[j] = static_cast<char>(salted[j] ^ block[j]);
        }
        const std::string without_proof = "c=" + encode_base64(said_header.empty() ? header : said_header) +
                                          ",r=" + (said_nonce.empty() ? attributes['r'] : said_nonce);
        const std::string text = first_bare + "," + server_first + "," + without_proof;
        std::string proof = hmac_sha256(salted, "Client Key");
        const std::string signature = hmac_sha256(sha256(proof), text);
        for (size_t j = 0; j < proof.size(); ++j)
            proof[j] = static_cast<char>(proof[j] ^ signature[j]);
        server_signature = hmac_sha256(hmac_sha256(salted, "Server Key"), text);
        return without_proof + ",p=" + encode_base64(proof);
    }
};

struct Login {
    api::AuthenticationStep first;
    api::AuthenticationStep last;
};

Login log_in(ScramExchange& exchange, Client& client) {
    Login login;
    login.first = exchange.step(client.first());
    if (login.first.next == Next::Continue) login.last = exchange.step(client.final(login.first.authentication_data));
    return login;
}

}  // namespace

TEST_CASE("scram: the example of RFC 7677 section 3") {
    const std::string salt = decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==").value();
    const ScramVerifier verifier = make_scram_verifier("pencil", salt, 4096);
    CHECK(encode_base64(verifier.stored_key) == "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
    CHECK(encode_base64(verifier.server_key) == "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    Client client;
    CHECK(client.final("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") ==
          "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    CHECK(encode_base64(client.server_signature) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("scram: a login") {
    for (const std::string header : {"n,,", "y,,"}) {
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        Client client;
        client.header = header;
        const Login login = log_in(exchange, client);
        CHECK(login.first.authentication_data.starts_with("r=rOprNGfwEbeRWgbNEkqO"));
        CHECK(login.first.authentication_data.ends_with(",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        REQUIRE(login.last.next == Next::Accepted);
        CHECK(login.last.outcome.accepted());
        CHECK(login.last.outcome.identity == api::Identity{"user", false});
        CHECK(login.last.authentication_data == "v=" + encode_base64(client.server_signature));
        CHECK(exchange.step(client.first()).next == Next::Refused);  // Once only.
    }
}

TEST_CASE("scram: names with , and =, and a first message that comes after an empty one") {
    ScramExchange exchange(make_users(), "a,b=c", kSeed);
    const auto asked = exchange.step("");
    CHECK(asked.next == Next::Continue);
    CHECK(asked.authentication_data.empty());
    Client client;
    client.first_bare = "n=a=2Cb=3Dc,r=abc";
    const Login login = log_in(exchange, client);
    CHECK(login.last.next == Next::Accepted);
    CHECK(login.last.outcome.identity.user_name == "a,b=c");
}

TEST_CASE("scram: each exchange has its own nonce") {
    ScramExchange one(make_users(), std::nullopt, kSeed);
    ScramExchange two(make_users(), std::nullopt, std::string(32, 'y'));
    const auto nonce_of = [](ScramExchange& exchange) {
        return attributes_of(exchange.step(Client{}.first()).authentication_data)['r'];
    };
    const std::string nonce = nonce_of(one);
    CHECK(nonce.size() == std::string("rOprNGfwEbeRWgbNEkqO").size() + 24);
    CHECK(nonce != nonce_of(two));
}

TEST_CASE("scram: first messages that are refused") {
    for (const std::string first : {"p=tls-unique,,n=user,r=abc",
                                    "n,a=admin,n=user,r=abc",
                                    "y,a=user,n=user,r=abc",
                                    "n,n=user,r=abc",
                                    "x,,n=user,r=abc",
                                    "n,,m=ext,n=user,r=abc",
                                    "n,,r=abc,n=user",
                                    "n,,n=user",
                                    "n,,n=user,",
                                    "n,,n=user,r=",
                                    "n,,n=user,s=abc",
                                    "n,,n=,r=abc",
                                    "n,,n=us=er,r=abc",
                                    "n,,n=us=2c,r=abc",
                                    "n,,n=us=,r=abc",
                                    "n,,n=us\xff,r=abc",
                                    "n,,n=user,r=a b",
                                    "n,,n=user,r=\x01",
                                    "n,,",
                                    "n",
                                    ",",
                                    "=",
                                    "n,,n",
                                    "n,,n="}) {
        CAPTURE(first);
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        const auto step = exchange.step(first);
        CHECK(step.next == Next::Refused);
        CHECK(step.outcome.reason == mqtt::ReasonCode::NotAuthorized);
        CHECK(step.outcome.identity == api::Identity{});
        CHECK(exchange.step("n,,n=user,r=abc").next == Next::Refused);
    }
    ScramExchange zero(make_users(), std::nullopt, kSeed);
    CHECK(zero.step(std::string("n,,n=us\0er,r=abc", 16)).next == Next::Refused);
    ScramExchange twice(make_users(), std::nullopt, kSeed);
    CHECK(twice.step("").next == Next::Continue);
    CHECK(twice.step("").next == Next::Refused);
    ScramExchange too_long(make_users(), std::nullopt, kSeed);
    CHECK(too_long.step("n,,n=user,r=" + std::string(5000, 'a')).next == Next::Refused);
    ScramExchange other_user(make_users(), "admin", kSeed);
    CHECK(other_user.step("n,,n=user,r=abc").next == Next::Refused);
}

TEST_CASE("scram: final messages that are refused") {
    const auto refused = [](auto&& change) {
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        Client client;
        std::string message = client.final(exchange.step(client.first()).authentication_data);
        change(message);
        CAPTURE(message);
        const auto step = exchange.step(message);
        CHECK(step.next == Next::Refused);
        CHECK(step.authentication_data.empty());
        CHECK_FALSE(step.outcome.accepted());
    };
    const auto replace = [](const std::string& what, const std::string& with) {
        return [=](std::string& message) { message.replace(message.find(what), what.size(), with); };
    };
    refused(replace("c=biws", "c=eSws"));  // y,, where n,, was said.
    refused(replace("c=biws", "c=cD10bHM="));
    refused(replace("c=biws,", ""));
    refused(replace("r=rOpr", "r=xOpr"));
    refused(replace(",p=", ",q="));
    refused(replace(",p=", ",m=x,p="));
    refused([](std::string& message) { message.pop_back(); });
    refused([](std::string& message) { message += "="; });
    refused([](std::string& message) { message += ",x=y"; });
    refused([](std::string& message) { message.clear(); });
    refused([](std::string& message) { message.resize(message.find(",p=") + 3); });
    refused([](std::string& message) {
        message = message.substr(0, message.find(",p=")) + ",p=" + encode_base64(std::string(32, '\0'));
    });
    refused([](std::string& message) {
        message = message.substr(0, message.find(",p=")) + ",p=" + encode_base64("short");
    });
    refused([](std::string& message) { message = std::string(5000, 'c'); });
}

TEST_CASE("scram: a proof over another binding or nonce proves nothing") {
    for (const std::string header : {"y,,", "p=tls-unique,,", "n,a=user,", "x"}) {
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        Client client;
        client.said_header = header;
        CHECK(log_in(exchange, client).last.outcome.why == "SCRAM-SHA-256 of user: channel binding differs");
    }
    for (const std::string nonce : {"rOprNGfwEbeRWgbNEkqO", "other"}) {
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        Client client;
        client.said_nonce = nonce;
        CHECK(log_in(exchange, client).last.outcome.why == "SCRAM-SHA-256 of user: nonce differs");
    }
}

// F-05: what a stranger sees does not tell whether a user exists.
TEST_CASE("scram: unknown users see what users with a wrong password see") {
    std::map<std::string, std::string> salts;
    for (const std::string name : {"user", "nobody", "no scram", "nobody2"}) {
        CAPTURE(name);
        ScramExchange exchange(make_users(), std::nullopt, kSeed);
        Client client;
        client.password = "wrong";
        client.first_bare = "n=" + name + ",r=rOprNGfwEbeRWgbNEkqO";
        const Login login = log_in(exchange, client);
        REQUIRE(login.first.next == Next::Continue);
        auto attributes = attributes_of(login.first.authentication_data);
        CHECK(attributes.size() == 3);
        CHECK(attributes['i'] == "4096");
        CHECK(decode_base64(attributes['s']).value().size() == kScramSaltSize);
        salts[name] = attributes['s'];
        CHECK(login.last.next == Next::Refused);
        CHECK(login.last.outcome.reason == mqtt::ReasonCode::NotAuthorized);
        CHECK(login.last.outcome.why == "SCRAM-SHA-256 of " + name + ": unknown user or wrong password");

        ScramExchange again(make_users("someone:" + kHash), std::nullopt, std::string(32, 'z'));
        CHECK(attributes_of(again.step(client.first()).authentication_data)['s'] == salts[name]);
    }
    CHECK(salts["nobody"] != salts["nobody2"]);
}

TEST_CASE("scram: a made-up verifier opens nothing") {
    // The stored key of unknown users is all zeros: a proof that gives a key of zeros must not do either.
    ScramExchange exchange(make_users(), std::nullopt, kSeed);
    Client client;
    client.password = "";
    client.first_bare = "n=nobody,r=abc";
    CHECK(log_in(exchange, client).last.next == Next::Refused);
}

}  // namespace runnel::auth
