// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_hash.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::auth {

TEST_CASE("password hash: right and wrong passwords") {
    const std::string password_hash = hash_password("correct horse");
    REQUIRE(is_password_hash(password_hash));
    CHECK(verify_password("correct horse", password_hash));
    for (const std::string wrong : {"", "correct hors", "correct horse ", "Correct horse"}) {
        CAPTURE(wrong);
        CHECK_FALSE(verify_password(wrong, password_hash));
    }
    CHECK_FALSE(verify_password(std::string("correct horse\0", 14), password_hash));
    CHECK_FALSE(verify_password("", ""));
    CHECK_FALSE(verify_password("correct horse", ""));
    CHECK_FALSE(verify_password("correct horse", "*0"));
    CHECK(hash_password("correct horse") != password_hash);  // Another salt.
}

TEST_CASE("password hash: a hash of another program") {
    // Made by Perl's crypt.
    const std::string password_hash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";
    CHECK(is_password_hash(password_hash));
    CHECK(verify_password("password", password_hash));
    CHECK_FALSE(verify_password("Password", password_hash));
}

TEST_CASE("password hash: passwords that cannot be hashed") {
    CHECK_FALSE(can_hash(""));
    CHECK_FALSE(can_hash(std::string("a\0b", 3)));
    CHECK(can_hash(std::string(kPasswordSizeMax, 'a')));
    CHECK_FALSE(can_hash(std::string(kPasswordSizeMax + 1, 'a')));
    CHECK(hash_password("").empty());
    CHECK(verify_password(std::string(kPasswordSizeMax, 'a'), hash_password(std::string(kPasswordSizeMax, 'a'))));
}

TEST_CASE("password hash: what is none") {
    const std::string good = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";
    CHECK(is_password_hash(good));
    for (const std::string& bad :
         {std::string(), std::string("*"), std::string("!"), std::string("secret"), std::string("$y$"),
          std::string("$y$j9T$salt"), good.substr(0, good.size() - 1), good + "a", good.substr(1), "x" + good,
          good + " ",
          std::string(
              "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"),
          std::string("$1$abc$FwLhnwkuEjtiPGzWdaVBk."), good.substr(0, 3) + "!!!" + good.substr(6)}) {
        CAPTURE(bad);
        CHECK_FALSE(is_password_hash(bad));
    }
}

}  // namespace runnel::auth
