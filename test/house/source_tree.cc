// SPDX-License-Identifier: Apache-2.0
#include "test/house/source_tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace runnel::house {
namespace {

namespace fs = std::filesystem;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Blanks what is not code. Knows just enough C++ for that: comments, literals with their escapes, raw strings, digit
// separators and directives.
class Lexer {
public:
    explicit Lexer(SourceFile& file) : file_(file), text_(file.text), code_(file.text) {}

    void run() {
        while (at_ < text_.size())
            step();
        file_.code = std::move(code_);
    }

private:
    void step() {
        const char c = text_[at_];
        if (text_.compare(at_, 2, "//") == 0) return comment(end_of_line());
        if (text_.compare(at_, 2, "/*") == 0) return comment(after("*/", at_ + 2));
        if (c == '"' && is_raw_string()) return raw_string();
        if (c == '"') return literal(c);
        if (c == '\'' && !(at_ > 0 && is_word(text_[at_ - 1]))) return literal(c);  // Otherwise a digit separator.
        if (c == '#' && starts_line()) return directive();
        ++at_;
    }

    void comment(size_t end) {
        file_.comments.push_back({line_of(text_, at_), text_.substr(at_ + 2, end - at_ - 2), starts_line()});
        blank(at_, end);
        at_ = end;
    }

    void literal(char quote) {
        size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
            end += text_[end] == '\\' ? 2 : 1;
        end = std::min(end, text_.size());
        blank(at_ + 1, end);
        at_ = end + 1;
    }

    bool is_raw_string() const { return at_ > 0 && text_[at_ - 1] == 'R' && !(at_ > 1 && is_word(text_[at_ - 2])); }

    void raw_string() {
        const size_t open = text_.find('(', at_);
        const std::string close = ")" + text_.substr(at_ + 1, open - at_ - 1) + "\"";
        const size_t end = after(close, open);
        blank(at_ + 1, end - 1);
        at_ = end;
    }

    // A directive goes as far as its last line is continued. Comments behind it stay comments.
    void directive() {
        size_t end = end_of_line();
        while (end < text_.size() && text_[end - 1] == '\\')
            end = std::min(text_.find('\n', end + 1), text_.size());
        const std::string line = text_.substr(at_, end - at_);
        static const std::regex kInclude(R"(^#\s*include\s*([<"])([^>"]+)[>"])");
        std::smatch found;
        if (std::regex_search(line, found, kInclude)) {
            file_.includes.push_back({line_of(text_, at_), found[2], found[1] == "<"});
        }
        end = std::min(end, std::min(text_.find("//", at_), text_.find("/*", at_)));
        // "#if 0" hides code as a comment does, so it stays visible to the rules.
        if (line != "#if 0") blank(at_, end);
        at_ = end;
    }

    bool starts_line() const {
        size_t before = at_;
        while (before > 0 && (text_[before - 1] == ' ' || text_[before - 1] == '\t'))
            --before;
        return before == 0 || text_[before - 1] == '\n';
    }

    size_t end_of_line() const { return std::min(text_.find('\n', at_), text_.size()); }

    size_t after(std::string_view close, size_t from) const {
        const size_t found = text_.find(close, from);
        return found == std::string::npos ? text_.size() : found + close.size();
    }

    void blank(size_t from, size_t to) {
        for (size_t i = from; i < to; ++i) {
            if (code_[i] != '\n') code_[i] = ' ';
        }
    }

    SourceFile& file_;
    const std::string& text_;
    std::string code_;
    size_t at_ = 0;
};

bool is_written_by_people(const fs::path& path) {
    static constexpr std::array<std::string_view, 4> kSkipped{"build", "node_modules", "__pycache__", "runnel-data"};
    const std::string name = path.filename().string();
    if (name.front() == '.') return name == ".ci" || name == ".clang-tidy" || name == ".clang-format";
    return std::find(kSkipped.begin(), kSkipped.end(), name) == kSkipped.end();
}

}  // namespace

SourceFile source_file(std::string path, std::string text) {
    SourceFile file;
    file.path = std::move(path);
    file.text = std::move(text);
    if (file.is_cpp()) Lexer(file).run();
    return file;
}

std::vector<SourceFile> read_tree(const std::string& root) {
    std::vector<SourceFile> files;
    for (fs::recursive_directory_iterator entry(root), end; entry != end; ++entry) {
        if (!is_written_by_people(entry->path())) {
            if (entry->is_directory()) entry.disable_recursion_pending();
            continue;
        }
        if (entry->is_regular_file()) {
            files.push_back(source_file(fs::relative(entry->path(), root).generic_string(), read_text(entry->path())));
        }
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

size_t line_of(std::string_view text, size_t position) {
    return 1 +
           static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

}  // namespace runnel::house
