// SPDX-License-Identifier: Apache-2.0
#include "test/golden/golden_table.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace runnel::test {

namespace {

using mqtt::ProtocolVersion;

std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    for (size_t end = 0; end != std::string_view::npos;) {
        end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end != std::string_view::npos) text.remove_prefix(end + separator.size());
    }
    return parts;
}

std::vector<ProtocolVersion> versions_of(const std::string& text) {
    std::vector<ProtocolVersion> versions;
    for (const std::string& word : split(text, ",")) {
        if (word == "3.1" || word == "3" || word == "all") versions.push_back(ProtocolVersion::V31);
        if (word == "3.1.1" || word == "3" || word == "all") versions.push_back(ProtocolVersion::V311);
        if (word == "5" || word == "all") versions.push_back(ProtocolVersion::V5);
    }
    if (versions.empty()) throw std::runtime_error("no version in '" + text + "'");
    return versions;
}

std::string bytes_of(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        unsigned byte = 0;
        const char* const two = text.data() + std::min<size_t>(2, text.size());
        const auto [end, error] = std::from_chars(text.data(), two, byte, 16);
        if (error != std::errc{} || end != text.data() + 2) throw std::runtime_error("bytes are not pairs of digits");
        bytes += static_cast<char>(byte);
        text.remove_prefix(2);
    }
    return bytes;
}

void append_rows(const std::string& line, std::vector<GoldenRow>& rows) {
    const std::vector<std::string> columns = split(line, " | ");
    if (columns.size() != 4 || columns[3].size() < 3) throw std::runtime_error("not four columns");
    const auto kind = static_cast<GoldenKind>(columns[3].front());
    if (kind != GoldenKind::BothWays && kind != GoldenKind::DecodeOnly && kind != GoldenKind::Refused)
        throw std::runtime_error("what is expected begins with none of = > !");
    for (const ProtocolVersion version : versions_of(columns[1]))
        rows.push_back({columns[0], version, bytes_of(columns[2]), kind, columns[3].substr(2)});
}

}  // namespace

std::vector<GoldenRow> read_golden_table(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot open " + path);
    std::vector<GoldenRow> rows;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        try {
            append_rows(line, rows);
        } catch (const std::runtime_error& error) {
            throw std::runtime_error(path + ":" + std::to_string(number) + ": " + error.what());
        }
    }
    return rows;
}

}  // namespace runnel::test
