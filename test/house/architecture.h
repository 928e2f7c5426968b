// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "test/house/source_tree.h"

namespace runnel::house {

// A row of the include table: a folder, and what its files may include.
struct FolderRow {
    std::string folder;
    std::vector<std::string> may_include;  // Folders, or single files.
    std::vector<std::string> libraries;    // Headers as in <...>; "openssl/*" stands for all that begin so.
    bool in_one_file = false;              // At most one file may include the libraries.
};

// A row of the table of what is kept in few places.
struct ConfinedRow {
    std::vector<std::string> headers;  // As above.
    std::vector<std::string> words;    // Of the code.
    std::vector<std::string> places;   // Folders or files.
};

// What broker/README.md says about the tree. The document is the source: the rules are read from it.
struct Architecture {
    std::vector<std::string> folders;  // The folder map.
    std::vector<FolderRow> include_table;
    std::vector<ConfinedRow> confined;

    // The row of the innermost folder that holds the file, or nothing.
    const FolderRow* row_of(std::string_view path) const;
};

Architecture read_architecture(const SourceFile& readme);

// Whether a path is this folder or file, or lies in this folder; "everything" holds every path.
bool lies_in(std::string_view path, std::string_view place);

// Whether a header fits a pattern like "uv.h" or "openssl/*".
bool fits_header(std::string_view header, std::string_view pattern);

}  // namespace runnel::house
