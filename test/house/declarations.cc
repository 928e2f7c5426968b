// SPDX-License-Identifier: Apache-2.0
#include "test/house/declarations.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

namespace runnel::house {
namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The character behind the bracket that closes the one at `open`.
size_t behind_bracket(std::string_view text, size_t open) {
    const char opening = text[open];
    const char closing = opening == '(' ? ')' : opening == '{' ? '}' : opening == '<' ? '>' : ']';
    int depth = 0;
    for (size_t at = open; at < text.size(); ++at) {
        depth += text[at] == opening ? 1 : text[at] == closing ? -1 : 0;
        if (depth == 0) return at + 1;
    }
    return text.size();
}

size_t skip_space(std::string_view text, size_t at) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0)
        ++at;
    return at;
}

// Takes "public:", "template <...>", attributes and alignas from the start of a declaration.
std::string_view without_prefix(std::string_view head) {
    static const std::regex kPrefix(
        R"(^(?:(?:public|private|protected)\s*:(?!:)|template\s*(?=<)|alignas\s*(?=\()|(?=\[\[)))");
    for (;;) {
        head.remove_prefix(skip_space(head, 0));
        std::cmatch found;
        const bool is_prefix = std::regex_search(head.data(), head.data() + head.size(), found, kPrefix);
        if (!is_prefix) return head;
        head.remove_prefix(static_cast<size_t>(found.length()));
        if (!head.empty() && (head[0] == '<' || head[0] == '(' || head[0] == '[')) {
            head.remove_prefix(behind_bracket(head, 0));
        }
    }
}

// The position of an assignment outside all brackets, or npos. Operators that only contain the sign do not count.
size_t find_assignment(std::string_view head) {
    for (size_t at = 0; at < head.size(); ++at) {
        if (head[at] == '(' || head[at] == '[' || head[at] == '{') at = behind_bracket(head, at) - 1;
        if (head[at] != '=') continue;
        const bool is_part = (at > 0 && std::string_view("=!<>").find(head[at - 1]) != std::string_view::npos) ||
                             (at + 1 < head.size() && head[at + 1] == '=');
        if (!is_part && !head.substr(0, at).ends_with("operator")) return at;
    }
    return std::string_view::npos;
}

std::string word_before(std::string_view head, size_t at) {
    while (at > 0 && std::isspace(static_cast<unsigned char>(head[at - 1])) != 0)
        --at;
    size_t begin = at;
    while (begin > 0 && is_word(head[begin - 1]))
        --begin;
    return std::string(head.substr(begin, at - begin));
}

// The name of the function that a declaration declares; empty if it declares none.
std::string function_name(std::string_view head) {
    static const std::set<std::string> kNotNames{"",         "decltype", "explicit", "noexcept",
                                                 "requires", "alignas",  "void",     "bool",
                                                 "int",      "double",   "if",       "__attribute__"};
    head = without_prefix(head);
    if (head.starts_with("using ") || head.starts_with("typedef ") || head.starts_with("static_assert")) return "";
    if (head.find("operator") != std::string_view::npos) return "operator";
    const size_t assignment = find_assignment(head);
    for (size_t at = head.find('('); at < std::min(assignment, head.size()); at = head.find('(', at)) {
        std::string name = word_before(head, at);
        if (!kNotNames.contains(name)) return name;
        at = behind_bracket(head, at);
    }
    return "";
}

// The name of the type that a declaration declares; empty if it declares none.
std::string type_name(std::string_view head) {
    static const std::regex kType(
        R"(^(?:class|struct|union|enum(?:\s+class|\s+struct)?)\s+(?:alignas\s*\([^)]*\)\s*|\[\[[^\]]*\]\]\s*)*([\w:]+))");
    static const std::regex kAlias(R"(^using\s+(\w+)\s*=)");
    head = without_prefix(head);
    std::cmatch found;
    if (std::regex_search(head.data(), head.data() + head.size(), found, kAlias)) return found[1];
    if (!std::regex_search(head.data(), head.data() + head.size(), found, kType)) return "";
    const std::string qualified = found[1];
    return qualified.substr(qualified.rfind(':') + 1);
}

enum class Brace { Scope, Function, Initializer };

// In "Type() : first_{1}, second_(2) {" only the last brace begins the body.
bool is_member_initializer(std::string_view head) {
    static const std::regex kList(R"(\)\s*(?:noexcept)?\s*:(?!:))");
    const size_t last = head.find_last_not_of(" \n");
    if (last == std::string_view::npos || !(is_word(head[last]) || head[last] == '>')) return false;
    return std::regex_search(head.data(), head.data() + head.size(), kList);
}

Brace brace_after(std::string_view head) {
    head = without_prefix(head);
    if (head.starts_with("namespace") || head.starts_with("inline namespace") || head.starts_with("extern \"")) {
        return Brace::Scope;
    }
    if (find_assignment(head) != std::string_view::npos) return Brace::Initializer;
    if (!type_name(head).empty() && function_name(head).empty()) return Brace::Scope;
    if (head.starts_with("enum")) return Brace::Scope;
    if (is_member_initializer(head)) return Brace::Initializer;
    return head.find('(') == std::string_view::npos ? Brace::Initializer : Brace::Function;
}

// Walks over what stands outside of function bodies, one declaration after the other.
class Walk {
public:
    explicit Walk(const SourceFile& file) : code_(file.code) {}

    Declarations run() {
        for (size_t at = 0; at < code_.size();)
            at = step(at);
        return std::move(found_);
    }

private:
    size_t step(size_t at) {
        const char c = code_[at];
        if (c == '(' || c == '[') return behind_bracket(code_, at);
        if (c == '{') return brace(at);
        if (c == ';') declaration(at);
        if (c == ';' || c == '}') head_ = at + 1;
        return at + 1;
    }

    std::string_view head(size_t end) const { return std::string_view(code_).substr(head_, end - head_); }

    size_t brace(size_t at) {
        const size_t end = behind_bracket(code_, at);
        switch (brace_after(head(at))) {
            case Brace::Initializer: return end;  // The declaration goes on.
            case Brace::Scope: declaration(at); break;
            case Brace::Function:
                declaration(at);
                found_.bodies.push_back(
                    {line_of(code_, at), line_of(code_, end - 1) - line_of(code_, at) + 1, function_name(head(at))});
                head_ = end;
                return end;
        }
        head_ = at + 1;
        return head_;
    }

    void declaration(size_t end) {
        const std::string_view text = head(end);
        const size_t line = line_of(code_, std::min(skip_space(code_, head_), end));
        if (std::string name = type_name(text); !name.empty()) found_.types.push_back({line, std::move(name)});
        if (std::string name = function_name(text); !name.empty()) found_.functions.push_back({line, std::move(name)});
    }

    const std::string& code_;
    Declarations found_;
    size_t head_ = 0;  // Where the declaration begins that is being read.
};

size_t indentation_of(const std::string& line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

}  // namespace

Declarations declarations_of(const SourceFile& file) {
    return Walk(file).run();
}

std::vector<FunctionBody> python_functions_of(const SourceFile& file) {
    static const std::regex kDefinition(R"(^\s*(?:async\s+)?def\s+(\w+))");
    const std::vector<std::string> lines = lines_of(file.text);
    std::vector<FunctionBody> functions;
    for (size_t first = 0; first < lines.size(); ++first) {
        std::smatch found;
        if (!std::regex_search(lines[first], found, kDefinition)) continue;
        size_t last = first;
        for (size_t at = first + 1; at < lines.size(); ++at) {
            const size_t indentation = indentation_of(lines[at]);
            if (indentation == lines[at].size()) continue;
            if (indentation <= indentation_of(lines[first]) && lines[at][indentation] != ')') break;
            last = at;
        }
        functions.push_back({first + 1, last - first + 1, found[1]});
    }
    return functions;
}

}  // namespace runnel::house
