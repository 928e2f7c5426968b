// SPDX-License-Identifier: Apache-2.0
// write_corpus DIRECTORY: one file for each row of the golden table, in the form that fuzz_decoder reads.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "test/golden/golden_table.h"

namespace {

void write_corpus(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    for (const auto& row : runnel::test::read_golden_table(RUNNEL_GOLDEN_TABLE)) {
        const int version = static_cast<int>(row.version);
        std::ofstream file(directory / (row.name + "." + std::to_string(version)), std::ios::binary);
        file.put(static_cast<char>(version - 3));
        file << row.bytes;
        if (!file.flush()) throw std::runtime_error("cannot write to " + directory.string());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_corpus DIRECTORY\n");
        return 2;
    }
    try {
        write_corpus(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "write_corpus: %s\n", error.what());
        return 1;
    }
    return 0;
}
