// SPDX-License-Identifier: Apache-2.0
// The rules of the house: what a reviewer would otherwise have to see. Each rule lists all that breaks it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include "test/house/architecture.h"
#include "test/house/declarations.h"
#include "test/house/source_tree.h"
#include "test/house/words.h"

namespace runnel::house {
namespace {

constexpr size_t kFunctionLinesMax = 60;
constexpr size_t kFileLinesMax = 600;
// What allowed_long_functions.txt may hold at most. Only ever lowered.
constexpr size_t kAllowedLongMax = 0;

const std::string kRoot = RUNNEL_SOURCE_DIR;

const std::vector<SourceFile>& tree() {
    static const std::vector<SourceFile> files = read_tree(kRoot);
    return files;
}

const SourceFile* find_file(std::string_view path) {
    for (const SourceFile& file : tree()) {
        if (file.path == path) return &file;
    }
    return nullptr;
}

const SourceFile& file_at(std::string_view path) {
    const SourceFile* file = find_file(path);
    REQUIRE_MESSAGE(file != nullptr, path, " is missing");
    return *file;
}

const Architecture& architecture() {
    static const Architecture read = read_architecture(file_at("broker/README.md"));
    return read;
}

// All that breaks a rule, told at once.
class Violations {
public:
    void add(const std::string& path, size_t line, const std::string& what) {
        text_ += "\n  " + path + ":" + std::to_string(line) + ": " + what;
    }
    void check_none() const { CHECK_MESSAGE(text_.empty(), text_); }

private:
    std::string text_;
};

bool fits_any(const std::string& header, const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return fits_header(header, p); });
}

bool lies_in_any(const std::string& path, const std::vector<std::string>& places) {
    return std::any_of(places.begin(), places.end(), [&](const auto& place) { return lies_in(path, place); });
}

// Headers of the language and of the system, which no row of the include table has to name.
bool is_standard_header(const std::string& header) {
    static const std::regex kSystem(
        "(sys|netinet|arpa|net|linux)/.*|(unistd|fcntl|signal|errno|poll|netdb|pwd|grp|termios|"
        "getopt|sysexits|sched|pthread|dirent|syslog|strings|malloc|time)\\.h");
    return header.find_first_of("./") == std::string::npos || std::regex_match(header, kSystem);
}

void check_include(const SourceFile& file, const FolderRow& row, const Include& include, Violations& violations) {
    const auto complain = [&](const std::string& what) { violations.add(file.path, include.line, what); };
    if (include.in_angle_brackets || include.path.starts_with("doctest/")) {
        if (!is_standard_header(include.path) && !fits_any(include.path, row.libraries)) {
            complain(row.folder + " may not include <" + include.path + ">");
        }
    } else if (find_file(include.path) == nullptr) {
        complain("\"" + include.path + "\" is no path from the root of the tree to one of its files");
    } else if (architecture().row_of(include.path) != &row && !lies_in_any(include.path, row.may_include)) {
        complain(row.folder + " may not include " + include.path);
    }
}

TEST_CASE("1: includes point the way of the include table in broker/README.md") {
    Violations violations;
    REQUIRE(architecture().include_table.size() > 8);
    for (const SourceFile& file : tree()) {
        if (!file.is_cpp()) continue;
        const FolderRow* row = architecture().row_of(file.path);
        if (row == nullptr) {
            violations.add(file.path, 1, "its folder has no row in the include table");
            continue;
        }
        for (const Include& include : file.includes)
            check_include(file, *row, include, violations);
    }
    violations.check_none();
}

TEST_CASE("2: a library that is kept in one file is included by no second one") {
    Violations violations;
    for (const FolderRow& row : architecture().include_table) {
        if (!row.in_one_file) continue;
        std::map<std::string, std::string> first_user;
        for (const SourceFile& file : tree()) {
            if (architecture().row_of(file.path) != &row) continue;
            for (const Include& include : file.includes) {
                if (!fits_any(include.path, row.libraries)) continue;
                const auto& user = first_user.emplace(include.path, file.path).first->second;
                if (user != file.path) violations.add(file.path, include.line, include.path + " belongs to " + user);
            }
        }
    }
    violations.check_none();
}

TEST_CASE("3: threads, locks, clocks, chance and system calls stay in the places that broker/README.md lists") {
    Violations violations;
    REQUIRE(architecture().confined.size() > 3);
    for (const ConfinedRow& row : architecture().confined) {
        for (const SourceFile& file : tree()) {
            if (!file.is_cpp() || lies_in_any(file.path, row.places)) continue;
            for (const Include& include : file.includes) {
                if (fits_any(include.path, row.headers))
                    violations.add(file.path, include.line, "<" + include.path + ">");
            }
            for (const std::string& word : row.words) {
                const size_t at = find_word(file.code, word);
                if (at != std::string::npos) violations.add(file.path, line_of(file.code, at), word);
            }
        }
    }
    violations.check_none();
}

// Lines "path name length" of allowed_long_functions.txt; the name of a whole file is "*".
std::map<std::string, size_t> read_allowed_long() {
    static const std::regex kRow(R"(^(\S+ \S+) (\d+)$)");
    std::map<std::string, size_t> allowed;
    for (const std::string& line : lines_of(file_at("test/house/allowed_long_functions.txt").text)) {
        std::smatch found;
        if (line.starts_with("#") || line.empty()) continue;
        REQUIRE_MESSAGE(std::regex_match(line, found, kRow),
                        "allowed_long_functions.txt: not \"path name length\": ", line);
        allowed[found[1]] = std::stoul(found[2]);
    }
    return allowed;
}

// Functions and files that are too long, as in allowed_long_functions.txt.
std::map<std::string, size_t> find_long(Violations& violations, const std::map<std::string, size_t>& allowed) {
    std::map<std::string, size_t> found;
    const auto look_at = [&](const SourceFile& file, size_t line, const std::string& name, size_t length,
                             size_t limit) {
        if (length <= limit) return;
        const std::string key = file.path + " " + name;
        found[key] = std::max(found[key], length);
        const auto row = allowed.find(key);
        if (row != allowed.end() && length <= row->second) return;
        violations.add(file.path, line, name + " has " + std::to_string(length) + " lines of " + std::to_string(limit));
    };
    for (const SourceFile& file : tree()) {
        const bool is_script = file.path.ends_with(".py") || file.path.ends_with(".js");
        if (!file.is_cpp() && !is_script) continue;
        look_at(file, 1, "*", lines_of(file.text).size(), kFileLinesMax);
        const auto bodies = file.is_cpp() ? declarations_of(file).bodies : python_functions_of(file);
        for (const FunctionBody& body : bodies)
            look_at(file, body.line, body.name, body.length, kFunctionLinesMax);
    }
    return found;
}

TEST_CASE("4: a function fits a screen and a file a thought") {
    Violations violations;
    const auto allowed = read_allowed_long();
    CHECK_MESSAGE(allowed.size() <= kAllowedLongMax, "allowed_long_functions.txt may only shrink");
    const auto found = find_long(violations, allowed);
    for (const auto& [key, length] : allowed) {
        const auto row = found.find(key);
        if (row == found.end() || row->second < length) {
            violations.add("test/house/allowed_long_functions.txt", 1,
                           key + " is shorter now: lower it or take it out");
        }
    }
    violations.check_none();
}

TEST_CASE("5a: names of files, types and functions say what they mean") {
    Violations violations;
    for (const SourceFile& file : tree()) {
        if (!file.is_cpp()) continue;
        for (const auto& part : std::filesystem::path(file.path).parent_path()) {
            if (is_banned_name(part.string(), NameKind::File)) violations.add(file.path, 1, "folder " + part.string());
        }
        const std::string stem = std::filesystem::path(file.path).stem().string();
        if (is_banned_name(stem, NameKind::File)) violations.add(file.path, 1, "file " + stem);
        const Declarations declarations = declarations_of(file);
        for (const Name& type : declarations.types) {
            if (is_banned_name(type.text, NameKind::Type)) violations.add(file.path, type.line, "type " + type.text);
        }
        for (const Name& function : declarations.functions) {
            if (!is_banned_name(function.text, NameKind::Function)) continue;
            violations.add(file.path, function.line, "function " + function.text);
        }
    }
    violations.check_none();
}

TEST_CASE("5b: nothing is left for later and no code is commented out") {
    static const std::regex kReminder(R"(\b(FIXME|TODO|XXX|HACK)\b)");
    Violations violations;
    for (const SourceFile& file : tree()) {
        if (!file.is_cpp()) {
            const auto lines = lines_of(file.text);
            for (size_t i = 0; i < lines.size(); ++i) {
                if (std::regex_search(lines[i], kReminder)) violations.add(file.path, i + 1, lines[i]);
            }
            continue;
        }
        for (const Comment& comment : file.comments) {
            if (std::regex_search(comment.text, kReminder)) violations.add(file.path, comment.line, comment.text);
            if (comment.alone && is_commented_out_code(comment.text)) {
                violations.add(file.path, comment.line, "code in a comment:" + comment.text);
            }
        }
        const size_t hidden = file.code.find("#if 0");
        if (hidden != std::string::npos) violations.add(file.path, line_of(file.code, hidden), "#if 0");
    }
    violations.check_none();
}

// The folders that the folder map has to name: the top level, and every folder right below the ones it divides.
std::set<std::string> folders_of_tree() {
    std::set<std::string> folders;
    for (const SourceFile& file : tree()) {
        const std::filesystem::path path(file.path);
        auto part = path.begin();
        if (std::distance(path.begin(), path.end()) < 2 || part->string().front() == '.') continue;
        const std::string top = part->string();
        folders.insert(top);
        const bool is_divided = top == "broker" || top == "bridges" || top == "cli" || top == "test";
        if (is_divided && std::distance(path.begin(), path.end()) > 2) folders.insert(top + "/" + (++part)->string());
    }
    return folders;
}

TEST_CASE("6: the folder map in broker/README.md shows the folders") {
    const auto& mapped = architecture().folders;
    const std::set<std::string> in_map(mapped.begin(), mapped.end());
    const std::set<std::string> in_tree = folders_of_tree();
    Violations violations;
    for (const std::string& folder : in_tree) {
        if (!in_map.contains(folder)) violations.add("broker/README.md", 1, "the map lacks " + folder);
    }
    for (const std::string& folder : in_map) {
        if (!in_tree.contains(folder))
            violations.add("broker/README.md", 1, "the map has " + folder + ", the tree has not");
    }
    violations.check_none();
}

// Rule 7, conf/runnel.toml as the option table writes it, is a test of the table: test/unit/server.

TEST_CASE("8a: every source file is built by a target") {
    const std::string commands = read_text(RUNNEL_BINARY_DIR "/compile_commands.json");
    Violations violations;
    for (const SourceFile& file : tree()) {
        // The fuzz targets need clang: the preset "fuzz" builds them.
        if (!file.is_cpp() || file.is_header() || file.is_in("test/fuzz")) continue;
        const bool is_built = commands.find(kRoot + "/" + file.path) != std::string::npos;
        if (!is_built) violations.add(file.path, 1, "built by no target");
    }
    violations.check_none();
}

// The normative statements that a text names.
std::vector<std::string> statements_in(const std::string& text) {
    static const std::regex kStatement(R"(\bMQTT-\d+(?:\.\d+)+-\d+)");
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), kStatement), end; at != end; ++at)
        found.push_back(at->str());
    return found;
}

TEST_CASE("8b: every normative statement that is cited exists") {
    std::set<std::string> known;
    for (const char* list : {"test/conformance/mqtt311.tsv", "test/conformance/mqtt5.tsv"}) {
        for (std::string& statement : statements_in(file_at(list).text))
            known.insert(std::move(statement));
    }
    REQUIRE(known.size() > 200);
    Violations violations;
    for (const SourceFile& file : tree()) {
        const auto lines = lines_of(file.text);
        for (size_t i = 0; i < lines.size(); ++i) {
            for (const std::string& statement : statements_in(lines[i])) {
                if (!known.contains(statement)) violations.add(file.path, i + 1, statement);
            }
        }
    }
    violations.check_none();
}

TEST_CASE("9: a source file includes its own header first, which proves that the header compiles alone") {
    Violations violations;
    for (const SourceFile& file : tree()) {
        if (!file.path.ends_with(".cc")) continue;
        const std::string header = file.path.substr(0, file.path.size() - 2) + "h";
        if (find_file(header) == nullptr || (!file.includes.empty() && file.includes[0].path == header)) continue;
        violations.add(file.path, 1, "does not include " + header + " first");
    }
    violations.check_none();
}

TEST_CASE("10: every file names its licence, and every header is included once") {
    Violations violations;
    for (const SourceFile& file : tree()) {
        const bool is_build_file = file.path.ends_with("CMakeLists.txt") || file.path.ends_with(".sh");
        if (!file.is_cpp() && !is_build_file && !file.path.ends_with(".py")) continue;
        const bool has_licence =
            file.text.substr(0, 200).find("SPDX-License-Identifier: Apache-2.0") != std::string::npos;
        if (!has_licence) violations.add(file.path, 1, "no SPDX-License-Identifier");
        if (file.is_header() && file.text.find("\n#pragma once\n") == std::string::npos) {
            violations.add(file.path, 1, "no #pragma once");
        }
    }
    violations.check_none();
}

}  // namespace
}  // namespace runnel::house
