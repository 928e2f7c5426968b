// SPDX-License-Identifier: Apache-2.0
#include "broker/server/log_line.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::server {
namespace {

constexpr int64_t kTime = 1'795'378'261'123;
const std::string kTextStart = "2026-11-22T20:11:01.123Z info ready";
const std::string kJsonStart = R"({"time":"2026-11-22T20:11:01.123Z","level":"info","message":"ready")";

std::string text_line(std::initializer_list<LogField> fields) {
    return format_text_line(kTime, LogLevel::Info, "ready", fields);
}
std::string json_line(std::initializer_list<LogField> fields) {
    return format_json_line(kTime, LogLevel::Info, "ready", fields);
}

// The value as it stands behind "v=" or "v": in a line.
std::string text_of(const std::string& value) {
    const std::string line = text_line({{"v", value}});
    return line.substr(kTextStart.size() + 3, line.size() - kTextStart.size() - 4);
}
std::string json_of(const std::string& value) {
    const std::string line = json_line({{"v", value}});
    return line.substr(kJsonStart.size() + 5, line.size() - kJsonStart.size() - 7);
}

}  // namespace

TEST_CASE("log: lines") {
    CHECK(text_line({}) == kTextStart + "\n");
    CHECK(text_line({{"mqtt", "127.0.0.1:1883"}, {"mqtt", "unix:/run/x"}, {"loops", 2}}) ==
          kTextStart + " mqtt=127.0.0.1:1883 mqtt=unix:/run/x loops=2\n");
    CHECK(json_line({}) == kJsonStart + "}\n");
    CHECK(json_line({{"mqtt", "127.0.0.1:1883"}, {"loops", 2}, {"mqtt", "unix:/run/x"}}) ==
          kJsonStart + R"(,"mqtt":["127.0.0.1:1883","unix:/run/x"],"loops":"2"})" + "\n");
    CHECK(format_text_line(0, LogLevel::Error, "m", {}) == "1970-01-01T00:00:00.000Z error m\n");
    CHECK(format_text_line(951'782'400'007, LogLevel::Warning, "m", {}) == "2000-02-29T00:00:00.007Z warning m\n");
    CHECK(format_text_line(0, LogLevel::Debug, "m", {}).find(" debug m") != std::string::npos);
    CHECK(format_text_line(0, LogLevel::Packets, "m", {}).find(" packets m") != std::string::npos);
}

// K-01 and K-02.
TEST_CASE("log: values") {
    struct Row {
        std::string value, text, json;
    };
    const Row rows[] = {
        {"plain", "plain", R"("plain")"},
        {"a/b:c,d;[e]", "a/b:c,d;[e]", R"("a/b:c,d;[e]")"},
        {"", R"("")", R"("")"},
        {"a b", R"("a b")", R"("a b")"},
        {"a=b", R"("a=b")", R"("a=b")"},
        {"a\"b", R"("a\"b")", R"("a\"b")"},
        {"a\\b", R"("a\\b")", R"("a\\b")"},
        {"a\nb\r\tc", R"("a\nb\r\tc")", R"("a\nb\r\tc")"},
        {"a\n2026-01-01 admin logged in", R"("a\n2026-01-01 admin logged in")", R"("a\n2026-01-01 admin logged in")"},
        {"\x1b[2J", R"("\x1b[2J")", R"("\u001b[2J")"},
        {std::string("\0", 1), R"("\x00")", R"("\u0000")"},
        {"\x7f", R"("\x7f")", R"("\u007f")"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9f", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9f",
         "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9f\""},
        {"\xc2\x9b", R"("\u009b")", R"("\u009b")"},      // A control of C1.
        {"\xe2\x80\xae", R"("\u202e")", R"("\u202e")"},  // Right to left.
        {"\xe2\x80\xa8", R"("\u2028")", R"("\u2028")"},  // A line separator.
        {"\xef\xbb\xbf", R"("\ufeff")", R"("\ufeff")"},  //
        {"\xef\xbf\xbf", R"("\uffff")", R"("\uffff")"},  // No character.
        {"\xf4\x8f\xbf\xbf", R"("\U0010ffff")", R"("\udbff\udfff")"},
        {"\xff", R"("\xff")", R"("\\xff")"},               // No UTF-8 from here.
        {"\x80", R"("\x80")", R"("\\x80")"},               //
        {"\xc0\x80", R"("\xc0\x80")", R"("\\xc0\\x80")"},  //
        {"\xed\xa0\x80", R"("\xed\xa0\x80")", R"("\\xed\\xa0\\x80")"},
        {"\xf4\x90\x80\x80", R"("\xf4\x90\x80\x80")", R"("\\xf4\\x90\\x80\\x80")"},
        {"\xe2\x82", R"("\xe2\x82")", R"("\\xe2\\x82")"},  //
        {"\xc3(", R"("\xc3(")", R"("\\xc3(")"},            //
        {"\xf0\x80\x80\x80", R"("\xf0\x80\x80\x80")", R"("\\xf0\\x80\\x80\\x80")"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(text_of(row.value) == row.text);
        CHECK(json_of(row.value) == row.json);
    }
}

TEST_CASE("log: long values are cut between characters") {
    CHECK(text_of(std::string(256, 'a')) == std::string(256, 'a'));
    CHECK(text_of(std::string(257, 'a')) == std::string(256, 'a') + "...");
    CHECK(text_of(std::string(65'535, ' ')) == "\"" + std::string(256, ' ') + "...\"");
    CHECK(json_of(std::string(65'535, 'a')) == "\"" + std::string(256, 'a') + "...\"");
    CHECK(text_of(std::string(255, 'a') + "\xc3\xa4") == std::string(255, 'a') + "...");
    CHECK(text_of(std::string(254, 'a') + "\xc3\xa4" + "b") == std::string(254, 'a') + "\xc3\xa4...");
    CHECK(text_of(std::string(253, 'a') + "\xf0\x9f\x90\x9f") == std::string(253, 'a') + "...");
    CHECK(text_of(std::string(300, '\x80')).size() <= 256 * 4 + 5);  // Escapes count behind the cut.
}

TEST_CASE("log: every line is one line that fits into a pipe's piece, whatever it is given") {
    std::string bytes;
    for (int i = 0; i < 256; ++i)
        bytes += static_cast<char>(i);
    const std::string nasty(65'535, '\x01');
    for (const std::string& line :
         {text_line({{"a", bytes}, {"b", nasty}, {"c", nasty}, {"d", nasty}, {"e", nasty}, {"f", nasty}}),
          json_line({{"a", bytes}, {"b", nasty}, {"c", nasty}, {"d", nasty}, {"e", nasty}, {"f", nasty}}),
          format_text_line(kTime, LogLevel::Info, nasty, {{"a", nasty}}),
          format_json_line(kTime, LogLevel::Info, nasty, {{"a", nasty}})}) {
        CHECK(line.size() <= kLogLineSizeMax);
        CHECK(line.find('\n') == line.size() - 1);
        for (const char c : line.substr(0, line.size() - 1))
            CHECK(static_cast<unsigned char>(c) >= 0x20);
    }
    CHECK(text_line({{"a", nasty}, {"b", nasty}, {"c", nasty}, {"d", nasty}, {"e", "x"}}).ends_with("...\" cut=2\n"));
    CHECK(json_line({{"a", nasty}, {"b", nasty}, {"c", nasty}, {"d", nasty}, {"e", "x"}})
              .ends_with("...\",\"cut\":\"3\"}\n"));
}

TEST_CASE("log: text for a terminal") {
    CHECK(escape_text("a \"b\" = \\ \xc3\xa4") == "a \"b\" = \\ \xc3\xa4");
    CHECK(escape_text("a\n\x1b[2J\xff") == "a\\n\\x1b[2J\\xff");
}

}  // namespace runnel::server
