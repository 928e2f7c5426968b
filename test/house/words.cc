// SPDX-License-Identifier: Apache-2.0
#include "test/house/words.h"

#include <cctype>
#include <regex>
#include <set>
#include <vector>

namespace runnel::house {
namespace {

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The words of a snake_case or PascalCase name, in lower case.
std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words(1);
    for (size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        const bool starts = std::isupper(c) != 0 && i > 0 && std::isupper(static_cast<unsigned char>(name[i - 1])) == 0;
        if ((starts || c == '_') && !words.back().empty()) words.emplace_back();
        if (c != '_') words.back() += static_cast<char>(std::tolower(c));
    }
    return words;
}

// Words of the specification, and of interfaces that are not ours, in which a banned word has a meaning.
bool has_meaning(const std::vector<std::string>& words, size_t at, NameKind kind) {
    const std::string& word = words[at];
    if (word == "data" && at > 0) return words[at - 1] == "authentication" || words[at - 1] == "correlation";
    // As a verb it has an object: handle_publish, may_handle_more.
    if (word == "handle") return kind != NameKind::Type && (at + 1 < words.size() || at == 0);
    if (word == "process") return kind != NameKind::Function || at > 0;  // Not the verb.
    // data() of a container, and info() of a log level.
    return kind == NameKind::Function && words.size() == 1 && (word == "data" || word == "info");
}

}  // namespace

bool is_banned_name(std::string_view name, NameKind kind) {
    static const std::set<std::string> kBanned{
        "manager", "helper", "helpers", "util", "utils", "common", "misc", "impl", "data", "info",   "context",
        "handle",  "do",     "my",      "tmp",  "cfg",   "msg",    "buf",  "cb",   "ctx",  "process"};
    const std::vector<std::string> words = words_of(name);
    for (size_t at = 0; at < words.size(); ++at) {
        if (kBanned.contains(words[at]) && !has_meaning(words, at, kind)) return true;
    }
    return false;
}

size_t find_word(std::string_view text, std::string_view word) {
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const bool begins = at == 0 || !is_word_character(text[at - 1]);
        const size_t end = at + word.size();
        if (begins && (end == text.size() || !is_word_character(text[end]) || !is_word_character(word.back())))
            return at;
    }
    return std::string_view::npos;
}

bool is_commented_out_code(const std::string& comment) {
    static const std::regex kStatement(
        R"(^\s*(?:[\w:<>*&\[\]]+\s+)?[\w:.>\[\]*-]+(?:\s*[-+|&]?=\s*[^.]*|\([^ ]*\)|\(.*\)\s*);\s*$)"
        R"(|^\s*return\b.*;\s*$|^\s*(?:if|for|while|switch)\s*\(.*\)\s*(?:\{|.*;)\s*$|^\s*#\s*(?:include|define|ifn?def)\b)"
        R"(|^\s*\}?\s*else\s*\{\s*$|^\s*[{}];?\s*$)");
    return std::regex_search(comment, kStatement);
}

}  // namespace runnel::house
