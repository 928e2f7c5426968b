// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "test/house/source_tree.h"

namespace runnel::house {

struct Name {
    size_t line = 0;
    std::string text;
};

// A function with a body, or a test case.
struct FunctionBody {
    size_t line = 0;
    size_t length = 0;  // Lines from the opening to the closing brace.
    std::string name;
};

struct Declarations {
    std::vector<Name> types;
    std::vector<Name> functions;
    std::vector<FunctionBody> bodies;
};

// What a C++ file declares outside function bodies, found by its brackets. No parser: it knows the C++ of this tree.
Declarations declarations_of(const SourceFile& file);

// Functions of a Python file with their lengths, found by indentation.
std::vector<FunctionBody> python_functions_of(const SourceFile& file);

}  // namespace runnel::house
