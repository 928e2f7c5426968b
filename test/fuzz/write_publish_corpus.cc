// SPDX-License-Identifier: Apache-2.0
// write_publish_corpus DIRECTORY: one file for each golden body, as JSON and as NDJSON, in the form that fuzz_publish
// reads.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace {

constexpr const char* kMedia[] = {"\x07\x01", "\x07\x02"};

// Bodies stand between lines of "----".
void write_corpus(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    std::ifstream golden(RUNNEL_PUBLISH_BODIES, std::ios::binary);
    if (!golden) throw std::runtime_error("cannot read " RUNNEL_PUBLISH_BODIES);
    size_t number = 0;
    std::string body;
    for (std::string line; std::getline(golden, line);) {
        if (line != "----") {
            body += line + "\n";
            continue;
        }
        for (const char* media : kMedia) {
            const auto path = directory / std::to_string(++number);
            std::ofstream file(path, std::ios::binary);
            file << media << body;
            if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
        }
        body.clear();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: write_publish_corpus DIRECTORY\n");
        return 2;
    }
    try {
        write_corpus(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "write_publish_corpus: %s\n", error.what());
        return 1;
    }
    return 0;
}
