// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace runnel::test {

// One line of exchanges.txt, or several of one kind that follow each other.
struct Step {
    char kind = ' ';  // '>' in, '<' out, '!' what the handlers do, '=' how it stands.
    std::string text;
};

struct Exchanges {
    std::string name;
    std::vector<Step> steps;
};

std::vector<Exchanges> read_exchanges(const std::string& path);

}  // namespace runnel::test
