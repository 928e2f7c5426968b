// SPDX-License-Identifier: Apache-2.0
// The rules of the house are as good as what finds their breaches: small sources, and what has to be found in them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "test/house/architecture.h"
#include "test/house/declarations.h"
#include "test/house/source_tree.h"
#include "test/house/words.h"

namespace runnel::house {
namespace {

SourceFile cpp(const std::string& text) {
    return source_file("broker/base/example.cc", text);
}

std::vector<std::string> texts(const std::vector<Name>& names) {
    std::vector<std::string> found;
    found.reserve(names.size());
    for (const Name& name : names)
        found.push_back(name.text);
    return found;
}

using Texts = std::vector<std::string>;

TEST_CASE("comments, literals and directives are not code") {
    const SourceFile file =
        cpp("int a = 1'000; // int b;\n"
            "#include <mutex>  // why\n"
            "const char* c = \"{ // no comment \\\" }\";\n"
            "const char* d = R\"x(} \" )x\"; /* { */ char e = '{';\n");
    CHECK(file.code.find_first_of("{}") == std::string::npos);
    CHECK(file.code.size() == file.text.size());
    CHECK(file.code.find("char e") != std::string::npos);
    REQUIRE(file.comments.size() == 3);
    CHECK(file.comments[1].text == " why");
    REQUIRE(file.includes.size() == 1);
    CHECK(file.includes[0].path == "mutex");
    CHECK(file.includes[0].line == 2);
    CHECK(find_word(file.code, "mutex") == std::string::npos);
}

TEST_CASE("functions are found with their lengths") {
    const SourceFile file =
        cpp("namespace a {\n"
            "template <class T>\n"
            "Thing::Thing(int x) noexcept\n"
            "    : first_{x}, second_(x),\n"
            "      third_{std::vector<int>{1, 2}} {\n"
            "    if (x) { run(); }\n"
            "}\n"
            "struct alignas(64) Counters : Base<int> {\n"
            "    int value() const { return value_; }\n"
            "    int value_ = f({1, 2});\n"
            "};\n"
            "constexpr std::array kTable{Row{\"x\", [](int v) {\n"
            "    return v; }}};\n"
            "auto operator<=>(const A& a, const A& b) {\n"
            "    return 0;\n"
            "}\n"
            "}\n");
    const auto bodies = declarations_of(file).bodies;
    REQUIRE(bodies.size() == 3);
    CHECK(bodies[0].name == "Thing");
    CHECK(bodies[0].line == 5);
    CHECK(bodies[0].length == 3);
    CHECK(bodies[1].name == "value");
    CHECK(bodies[2].name == "operator");
    CHECK(bodies[2].length == 3);
}

TEST_CASE("names of types and functions are found, and others are not") {
    const auto found =
        declarations_of(cpp("enum class Color : int { Red = f(1) };\n"
                            "using Table = std::map<int, int>;\n"
                            "class [[nodiscard]] Reader final : public Base {\n"
                            "public:\n"
                            "    explicit Reader(int x = g());\n"
                            "    virtual void read_all() = 0;\n"
                            "    template <class T>\n"
                            "        requires(sizeof(T) > 1)\n"
                            "    T next(T);\n"
                            "private:\n"
                            "    int count_ = h(3);\n"
                            "    std::function<void(int)> done_;\n"
                            "};\n"));
    CHECK(texts(found.types) == Texts{"Color", "Table", "Reader"});
    CHECK(texts(found.functions) == Texts{"Reader", "read_all", "next"});
}

TEST_CASE("banned words are found in names, and their meanings in the specification are spared") {
    CHECK(is_banned_name("SessionManager", NameKind::Type));
    CHECK(is_banned_name("packet_utils", NameKind::File));
    CHECK(is_banned_name("process_publish", NameKind::Function));
    CHECK(is_banned_name("SocketHandle", NameKind::Type));
    CHECK(is_banned_name("socket_handle", NameKind::Function));
    CHECK(is_banned_name("read_data", NameKind::Function));
    CHECK(is_banned_name("StoreImpl", NameKind::Type));
    CHECK_FALSE(is_banned_name("handle_publish", NameKind::Function));
    CHECK_FALSE(is_banned_name("set_correlation_data", NameKind::Function));
    CHECK_FALSE(is_banned_name("AuthenticationData", NameKind::Type));
    CHECK_FALSE(is_banned_name("data", NameKind::Function));
    CHECK_FALSE(is_banned_name("implement", NameKind::Function));
    CHECK_FALSE(is_banned_name("Domain", NameKind::Type));
}

TEST_CASE("code in comments is told from prose") {
    CHECK(is_commented_out_code(" session.close();"));
    CHECK(is_commented_out_code(" int left = count - 1;"));
    CHECK(is_commented_out_code(" if (left > 0) {"));
    CHECK(is_commented_out_code(" return left;"));
    CHECK(is_commented_out_code(" #include <mutex>"));
    CHECK(is_commented_out_code(" }"));
    CHECK_FALSE(is_commented_out_code(" Lives on the shard that owns its Client Identifier; outlives any connection."));
    CHECK_FALSE(is_commented_out_code(" The queue grows only while the window is full;"));
    CHECK_FALSE(is_commented_out_code(" Asked by close(), which waits for it;"));
    CHECK_FALSE(is_commented_out_code(" 0 = none"));
}

TEST_CASE("the map and the tables of a document are read") {
    const SourceFile file = source_file("broker/README.md",
                                        "## Folder map\n```\nbroker/  all\n  base/  first\n```\n"
                                        "## Who may include whom\n| folder | may | libraries |\n|---|---|---|\n"
                                        "| broker/net | broker/api, storage/x.h | `<uv.h>`, `<a/*>` in one file |\n"
                                        "## Kept in few places\n| what | where |\n|---|---|\n"
                                        "| clocks: `<ctime>`, `steady_clock` | cli, test |\n");
    const Architecture read = read_architecture(file);
    CHECK(read.folders == Texts{"broker", "broker/base"});
    REQUIRE(read.include_table.size() == 1);
    CHECK(read.include_table[0].may_include == Texts{"broker/api", "storage/x.h"});
    CHECK(read.include_table[0].libraries == Texts{"uv.h", "a/*"});
    CHECK(read.include_table[0].in_one_file);
    CHECK(read.row_of("broker/net/socket.cc") == &read.include_table[0]);
    CHECK(read.row_of("broker/network/socket.cc") == nullptr);
    REQUIRE(read.confined.size() == 1);
    CHECK(read.confined[0].headers == Texts{"ctime"});
    CHECK(read.confined[0].words == Texts{"steady_clock"});
    CHECK(fits_header("a/b.h", "a/*"));
    CHECK_FALSE(fits_header("uv.hpp", "uv.h"));
}

TEST_CASE("functions of a Python file are measured by their indentation") {
    const auto found = python_functions_of(source_file("test/x.py",
                                                       "def a():\n    x = 1\n\n    return x\n\n\nclass B:\n"
                                                       "    def c(\n        self,\n    ):\n        return 2\n"));
    REQUIRE(found.size() == 2);
    CHECK(found[0].length == 4);
    CHECK(found[1].name == "c");
    CHECK(found[1].length == 4);
}

}  // namespace
}  // namespace runnel::house
