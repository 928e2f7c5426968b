// SPDX-License-Identifier: Apache-2.0
// write_http_corpus DIRECTORY: one file for each golden exchange, with what its client sends, in the form that
// fuzz_http reads; and what it is answered, for the parser of responses.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "test/golden/http/exchanges.h"

namespace {

void write_file(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary);
    file.put('\x07') << bytes;
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_corpus(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    size_t number = 0;
    for (const auto& exchanges : runnel::test::read_exchanges(RUNNEL_HTTP_EXCHANGES)) {
        std::string sent;
        std::string received;
        for (const auto& step : exchanges.steps) {
            if (step.kind == '>') sent += step.text;
            if (step.kind == '<') received += step.text;
        }
        ++number;
        write_file(directory / (std::to_string(number) + ".request"), sent);
        write_file(directory / (std::to_string(number) + ".response"), received);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_http_corpus DIRECTORY\n");
        return 2;
    }
    try {
        write_corpus(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "write_http_corpus: %s\n", error.what());
        return 1;
    }
    return 0;
}
