// SPDX-License-Identifier: Apache-2.0
#include "test/golden/http/exchanges.h"

#include <fstream>
#include <stdexcept>

namespace runnel::test {
namespace {

// "\r", "\x41", and "\{300 a}" for three hundred times "a".
std::string unescaped(const std::string& text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            out += text[at];
            continue;
        }
        switch (text.at(++at)) {
            case 'r': out += '\r'; break;
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case 'x': out += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16)), at += 2; break;
            case '{': {
                const size_t blank = text.find(' ', at);
                const size_t end = text.find('}', blank);
                for (int count = std::stoi(text.substr(at + 1, blank - at - 1)); count > 0; --count)
                    out += text.substr(blank + 1, end - blank - 1);
                at = end;
                break;
            }
            default: out += text[at];
        }
    }
    return out;
}

}  // namespace

std::vector<Exchanges> read_exchanges(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::vector<Exchanges> all;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with("== ")) {
            all.push_back({line.substr(3), {}});
            continue;
        }
        Step step{line[0], {}};
        const bool is_part = line.size() > 1 && line[1] == '|';
        const std::string rest = line.size() > 2 ? line.substr(is_part ? 3 : 2) : "";
        const bool is_bytes = step.kind == '>' || step.kind == '<';
        step.text = is_bytes ? unescaped(rest) + (is_part ? "" : "\r\n") : rest;
        auto& steps = all.back().steps;
        if (!steps.empty() && is_bytes && steps.back().kind == step.kind) {
            steps.back().text += step.text;
        } else {
            steps.push_back(std::move(step));
        }
    }
    return all;
}

}  // namespace runnel::test
