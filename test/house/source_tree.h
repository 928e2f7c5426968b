// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::house {

struct Comment {
    size_t line = 0;
    std::string text;    // Without the slashes.
    bool alone = false;  // Nothing but the comment stands on its line.
};

struct Include {
    size_t line = 0;
    std::string path;
    bool in_angle_brackets = false;
};

// One file of the tree.
struct SourceFile {
    std::string path;  // From the root of the tree, with slashes.
    std::string text;
    // For C++: the text with its comments, directives and the contents of its literals blanked, line by line as before.
    std::string code;
    std::vector<Comment> comments;
    std::vector<Include> includes;

    bool is_cpp() const { return path.ends_with(".h") || path.ends_with(".cc") || path.ends_with(".cpp"); }
    bool is_header() const { return path.ends_with(".h"); }
    bool is_in(std::string_view folder) const {
        return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
    }
};

// A file with this text, its parts found.
SourceFile source_file(std::string path, std::string text);

// Every file of the tree that people write, sorted by path: no build trees, no hidden folders, no installed modules.
std::vector<SourceFile> read_tree(const std::string& root);

std::string read_text(const std::string& path);

std::vector<std::string> lines_of(std::string_view text);

// The number of the line, from 1, that holds this character.
size_t line_of(std::string_view text, size_t position);

}  // namespace runnel::house
