// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "broker/auth/password_hash.h"
#include "test/unit/temporary_folder.h"

namespace runnel::auth {
namespace {

const std::string kHash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";
const std::string kScram =
    ":scram-sha-256:4096:W22ZaJ0SNY7soEsUEjb6gQ==:WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

bool is_valid(const std::string& text) {
    return static_cast<bool>(parse_password_file("users", text));
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("password file: users with and without a SCRAM verifier") {
    const auto users = parse_password_file("users", "# people\n\nalice:" + kHash +
                                                        "\r\n \t\nb\xc3\xb6"
                                                        "b x:" +
                                                        kHash + kScram);
    REQUIRE(users);
    CHECK(users->size() == 2);
    REQUIRE(users->find("alice") != nullptr);
    CHECK(users->find("alice")->password_hash == kHash);
    CHECK_FALSE(users->find("alice")->scram.has_value());
    REQUIRE(users->find("b\xc3\xb6"
                        "b x") != nullptr);
    CHECK(users
              ->find("b\xc3\xb6"
                     "b x")
              ->scram->iterations == 4096);
    for (const std::string unknown : {"", "Alice", "alice ", "ali", "# people", " \t"})
        CHECK(users->find(unknown) == nullptr);
}

TEST_CASE("password file: no users at all is no damage") {
    CHECK(is_valid(""));
    CHECK(is_valid("\n# nobody\n"));
}

// E-13, CVE-2018-12550 and CVE-2018-12551: nothing that is damaged may let anybody in.
TEST_CASE("password file: one broken line makes the file invalid") {
    const std::string rows[] = {
        ":" + kHash,                          // Empty name.
        ":",                                  //
        "alice",                              // No hash.
        "alice:",                             //
        "alice:secret",                       // Plain text.
        "alice:*",                            //
        "alice:!",                            //
        "alice: " + kHash,                    //
        " alice:" + kHash,                    //
        "alice :" + kHash,                    //
        "al\x01ice:" + kHash,                 //
        "al\xffice:" + kHash,                 // No UTF-8.
        std::string("al\0ice:", 7) + kHash,   //
        "alice:" + kHash + ":",               //
        "alice:" + kHash + ":scram-sha-256",  //
        "alice:" + kHash + ":scram-sha-1" + kScram.substr(14),
        "alice:" + kHash + kScram + ":more",  //
        "alice:" + kHash + kScram.substr(0, kScram.size() - 1),
        "alice:" + kHash + ":scram-sha-256:1:" + kScram.substr(20),      // Too few iterations.
        "alice:" + kHash + ":scram-sha-256:-4096:" + kScram.substr(20),  //
        "alice:" + kHash + ":scram-sha-256:4096x:" + kScram.substr(20),  //
        "alice:" + kHash + ":scram-sha-256:99999999999:" + kScram.substr(20),
        "alice:" + kHash + ":scram-sha-256:4096::" + kScram.substr(45),  // No salt.
        "alice:$6$abc$" + std::string(86, 'a'),                          // Another method, as mosquitto's files have.
        "alice:" + kHash + "\nalice:" + kHash,                           // Twice.
    };
    for (const std::string& row : rows) {
        CAPTURE(row);
        CHECK_FALSE(is_valid(row));
        CHECK_FALSE(is_valid("bob:" + kHash + "\n" + row + "\ncarol:" + kHash + "\n"));
    }
}

TEST_CASE("password file: every error names file and line and no secret") {
    const auto users = parse_password_file("etc/users", "alice:hunter2\n# x\nbob:" + kHash + ":tail\n:\nnobody\n");
    REQUIRE_FALSE(users);
    REQUIRE(users.error().size() == 4);
    CHECK(users.error()[0].text().starts_with("etc/users:1: user \"alice\" has no yescrypt hash"));
    CHECK(users.error()[1].text().starts_with("etc/users:3: "));
    CHECK(users.error()[2].text() == "etc/users:4: the user name is empty");
    CHECK(users.error()[3].text().starts_with("etc/users:5: no colon"));
    for (const auto& error : users.error()) {
        CHECK(error.text().find("hunter2") == std::string::npos);
        CHECK(error.text().find("F5Jx5fEx") == std::string::npos);
    }
}

TEST_CASE("password file: files that cannot be read") {
    const TemporaryFolder folder;
    const auto missing = read_password_file(folder.path("missing"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().front().text() == folder.path("missing") + ": cannot open it: No such file or directory");
    CHECK_FALSE(read_password_file(folder.path(".")));
    REQUIRE(mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    CHECK_FALSE(read_password_file(folder.path("fifo")));
    if (geteuid() != 0) {
        folder.write("secret", "alice:" + kHash);
        REQUIRE(chmod(folder.path("secret").c_str(), 0) == 0);
        CHECK_FALSE(read_password_file(folder.path("secret")));
    }
}

TEST_CASE("password file: a made line can be read and verifies") {
    const std::string line = make_password_line("alice", "pass:word");
    const auto users = parse_password_file("users", line);
    REQUIRE(users);
    const PasswordEntry* alice = users->find("alice");
    REQUIRE(alice != nullptr);
    CHECK(verify_password("pass:word", alice->password_hash));
    REQUIRE(alice->scram);
    CHECK(*alice->scram == make_scram_verifier("pass:word", alice->scram->salt, alice->scram->iterations));
    CHECK(make_password_line("alice", "pass:word") != line);
}

TEST_CASE("password file: names and passwords that are refused") {
    CHECK_FALSE(user_name_fault("sensor 17/\xc3\xa4"));
    CHECK_FALSE(user_name_fault(std::string(65'535, 'a')));
    for (const std::string& name : {std::string(), std::string("a:b"), std::string("#a"), std::string(" a"),
                                    std::string("a "), std::string("a\nb"), std::string("a\tb"), std::string("\x7f"),
                                    std::string("\xff"), std::string("a\0b", 3), std::string(65'536, 'a')}) {
        CAPTURE(name);
        CHECK(user_name_fault(name).has_value());
    }
    CHECK_FALSE(password_fault("a"));
    CHECK(password_fault("").has_value());
    CHECK(password_fault(std::string("a\0b", 3)).has_value());
    CHECK(password_fault(std::string(kPasswordSizeMax + 1, 'a')).has_value());
}

TEST_CASE("password file: the decoy looks like the first user and stays the same") {
    const auto one = parse_password_file("users", "alice:" + kHash + kScram);
    const auto two = parse_password_file("users", "alice:" + kHash + kScram + "\nbob:" + kHash);
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->decoy_hash() == kHash);
    CHECK(one->decoy_iterations() == 4096);
    CHECK(one->decoy_secret().size() == 32);
    CHECK(one->decoy_secret() == two->decoy_secret());
    const auto none = parse_password_file("users", "");
    REQUIRE(none);
    CHECK(is_password_hash(none->decoy_hash()));
    CHECK(none->decoy_iterations() == kScramIterationsDefault);
}

TEST_CASE("password file update: adds, replaces and removes one line and leaves the others") {
    const TemporaryFolder folder;
    const std::string path = folder.path("users");
    CHECK_FALSE(update_password_file(path, "alice:" + kHash));
    CHECK(folder.read("users") == "alice:" + kHash + "\n");
    CHECK(mode_of(path) == 0600);

    folder.write("users", "# people\n\nalice:" + kHash + "\n# alice:old\nbob:" + kHash);
    CHECK_FALSE(update_password_file(path, "carol:" + kHash));
    CHECK_FALSE(update_password_file(path, "alice:" + kHash + kScram));
    CHECK(folder.read("users") ==
          "# people\n\nalice:" + kHash + kScram + "\n# alice:old\nbob:" + kHash + "\ncarol:" + kHash + "\n");
    CHECK_FALSE(remove_from_password_file(path, "bob"));
    CHECK(folder.read("users") == "# people\n\nalice:" + kHash + kScram + "\n# alice:old\ncarol:" + kHash + "\n");
    CHECK_FALSE(remove_from_password_file(path, "carol"));
    CHECK_FALSE(remove_from_password_file(path, "alice"));
    CHECK(folder.read("users") == "# people\n\n# alice:old\n");
}

TEST_CASE("password file update: what it refuses leaves the file alone") {
    const TemporaryFolder folder;
    const std::string path = folder.path("users");
    const std::string text = "alice:" + kHash + "\n# bob:x\n";
    folder.write("users", text);
    for (const std::string& line : {std::string(), std::string("# x"), std::string("bob:plain"), std::string("\n"),
                                    "bob:" + kHash + "\ncarol:" + kHash, "bob:" + kHash + "\n"}) {
        CAPTURE(line);
        CHECK(update_password_file(path, line).has_value());
    }
    CHECK(remove_from_password_file(path, "bob").value().starts_with("there is no user \"bob\""));
    CHECK(remove_from_password_file(path, "# bob").has_value());
    CHECK(remove_from_password_file(path, "").has_value());
    CHECK(folder.read("users") == text);

    const std::string broken = folder.write("broken", "alice\n");
    CHECK(update_password_file(broken, "bob:" + kHash).has_value());
    CHECK(folder.read("broken") == "alice\n");
    CHECK(update_password_file(folder.path("no/such/folder"), "bob:" + kHash).has_value());
    CHECK(update_password_file(folder.path("."), "bob:" + kHash).has_value());
}

TEST_CASE("password file update: keeps mode, owner and links, and leaves nothing behind") {
    const TemporaryFolder folder;
    folder.write("real", "alice:" + kHash + "\n");
    const std::string real = folder.path("real");
    REQUIRE(chmod(real.c_str(), 0640) == 0);
    if (geteuid() == 0) REQUIRE(chown(real.c_str(), 1, 1) == 0);
    std::filesystem::create_symlink("real", folder.path("link"));
    CHECK_FALSE(update_password_file(folder.path("link"), "bob:" + kHash));
    CHECK(std::filesystem::is_symlink(folder.path("link")));
    CHECK(folder.read("real") == "alice:" + kHash + "\nbob:" + kHash + "\n");
    CHECK(mode_of(real) == 0640);
    struct stat status {};
    REQUIRE(stat(real.c_str(), &status) == 0);
    CHECK(status.st_uid == (geteuid() == 0 ? 1 : geteuid()));
    const auto entries = std::filesystem::directory_iterator(folder.path("."));
    CHECK(std::distance(begin(entries), end(entries)) == 2);
}

TEST_CASE("password file update: no update is lost between several writers") {
    const TemporaryFolder folder;
    const std::string path = folder.path("users");
    constexpr int kWriters = 4;
    constexpr int kUsers = 8;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&path, writer] {
            for (int user = 0; user < kUsers; ++user)
                update_password_file(path, std::to_string(writer * kUsers + user) + ":" + kHash);
        });
    for (std::thread& writer : writers)
        writer.join();
    const auto users = read_password_file(path);
    REQUIRE(users);
    CHECK(users->size() == kWriters * kUsers);
}

}  // namespace runnel::auth
