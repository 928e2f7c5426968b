// SPDX-License-Identifier: Apache-2.0
#include "test/golden/conversation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace runnel::test {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += "\n  " + line;
    return text;
}

TEST_CASE("every conversation goes as it is written") {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(RUNNEL_CONVERSATIONS))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    CHECK(files.size() > 10);
    for (const auto& path : files) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        const std::vector<std::string> differences = play_conversation(text.str());
        CHECK_MESSAGE(differences.empty(), path.filename().string(), ":", joined(differences));
    }
}

TEST_CASE("a conversation that goes otherwise is found out") {
    const std::string hello = "a > CONNECT version=4 clean_start=1 client_identifier=\"a\"\n";
    CHECK(play_conversation(hello + "a < CONNACK\n").empty());
    CHECK(play_conversation(hello + "a < CONNACK ...\n").empty());
    CHECK(play_conversation(hello).size() == 1);  // Not read.
    CHECK(play_conversation(hello + "a < CONNACK session_present=1\n").size() == 1);
    CHECK(play_conversation(hello + "a < CONNACK session_present=1 ...\n").size() == 1);
    CHECK(play_conversation(hello + "a < CONNACK\na < PINGRESP\n").size() == 1);  // Never came.
    CHECK(play_conversation(hello + "a < CONNACK\na is closed\n").size() == 1);
    CHECK(play_conversation(hello + "a < CONNACK\na > NONSENSE\n").size() == 1);
    CHECK(play_conversation(hello + "a < CONNACK\na > bytes c0 0\n").size() == 1);
    CHECK(play_conversation(hello + "a < CONNACK\na > bytes c0 00\na < PINGRESP\n").empty());
    CHECK(play_conversation("a > PINGREQ\n").size() == 1);  // Nobody is connected.
    CHECK(play_conversation("broker colour=blue\n").size() == 1);
}

}  // namespace
}  // namespace runnel::test
