// SPDX-License-Identifier: Apache-2.0
#include "test/house/architecture.h"

#include <algorithm>
#include <regex>

namespace runnel::house {
namespace {

std::vector<std::string> lines_under(const SourceFile& readme, std::string_view heading) {
    std::vector<std::string> found;
    bool inside = false;
    for (const std::string& line : lines_of(readme.text)) {
        if (line.starts_with("#")) {
            inside = line == heading;
        } else if (inside) {
            found.push_back(line);
        }
    }
    return found;
}

std::string trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" `");
    if (first == std::string_view::npos) return "";
    return std::string(text.substr(first, text.find_last_not_of(" `") + 1 - first));
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        if (std::string part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(std::move(part));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// The cells of each row, without the head of the table.
std::vector<std::vector<std::string>> table_under(const SourceFile& readme, std::string_view heading) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : lines_under(readme, heading)) {
        if (!line.starts_with("| ")) continue;
        std::vector<std::string> cells;
        std::string_view rest = std::string_view(line).substr(1);
        for (size_t end = rest.find('|'); end != std::string_view::npos; end = rest.find('|')) {
            cells.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        rows.push_back(std::move(cells));
    }
    if (!rows.empty()) rows.erase(rows.begin());
    return rows;
}

// The texts between backticks.
std::vector<std::string> code_words(const std::string& cell) {
    static const std::regex kCode("`([^`]+)`");
    std::vector<std::string> words;
    for (std::sregex_iterator found(cell.begin(), cell.end(), kCode), end; found != end; ++found) {
        words.push_back((*found)[1]);
    }
    return words;
}

bool is_header(const std::string& word) {
    return word.front() == '<' && word.back() == '>';
}

std::vector<std::string> folder_map(const SourceFile& readme) {
    static const std::regex kFolder(R"(^( *)(\w+)/(?:\s|$))");
    std::vector<std::string> folders;
    std::string top;
    for (const std::string& line : lines_under(readme, "## Folder map")) {
        std::smatch found;
        if (!std::regex_search(line, found, kFolder)) continue;
        if (found[1].length() == 0) top = found[2];
        folders.push_back(found[1].length() == 0 ? top : top + "/" + found[2].str());
    }
    return folders;
}

FolderRow folder_row(const std::vector<std::string>& cells) {
    FolderRow row{trimmed(cells.at(0)), split(cells.at(1), ','), {}, cells.at(2).find("one file") != std::string::npos};
    for (const std::string& word : code_words(cells.at(2))) {
        if (is_header(word)) row.libraries.push_back(word.substr(1, word.size() - 2));
    }
    return row;
}

ConfinedRow confined_row(const std::vector<std::string>& cells) {
    ConfinedRow row;
    row.places = split(cells.at(1), ',');
    for (const std::string& word : code_words(cells.at(0))) {
        if (is_header(word)) {
            row.headers.push_back(word.substr(1, word.size() - 2));
        } else {
            row.words.push_back(word);
        }
    }
    return row;
}

}  // namespace

const FolderRow* Architecture::row_of(std::string_view path) const {
    const FolderRow* innermost = nullptr;
    for (const FolderRow& row : include_table) {
        if (lies_in(path, row.folder) && (innermost == nullptr || row.folder.size() > innermost->folder.size())) {
            innermost = &row;
        }
    }
    return innermost;
}

Architecture read_architecture(const SourceFile& readme) {
    Architecture architecture;
    architecture.folders = folder_map(readme);
    for (const auto& cells : table_under(readme, "## Who may include whom")) {
        architecture.include_table.push_back(folder_row(cells));
    }
    for (const auto& cells : table_under(readme, "## Kept in few places")) {
        architecture.confined.push_back(confined_row(cells));
    }
    return architecture;
}

bool lies_in(std::string_view path, std::string_view place) {
    if (place == "everything") return true;
    return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

bool fits_header(std::string_view header, std::string_view pattern) {
    if (pattern.ends_with('*')) return header.starts_with(pattern.substr(0, pattern.size() - 1));
    return header == pattern;
}

}  // namespace runnel::house
