// SPDX-License-Identifier: Apache-2.0
#include "storage/write_ahead_log_scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "storage/store_directory.h"

namespace runnel::storage {
namespace {

// The format of the log: blocks of 32 KiB, in them fragments with a header of checksum (4), length (2), type (1); a
// fragment of type Full is a record, else First, Middle..., Last make one. A record is a batch: sequence number of its
// first change (8), number of changes (4), then entries; ours begin with a log-data entry that holds the mark.
// Little-endian throughout.
constexpr size_t kBlockSize = 32768;
constexpr size_t kHeaderSize = 7;
constexpr size_t kBatchHeaderSize = 12;
constexpr uint8_t kLogDataTag = 3;
constexpr std::string_view kMark = "sync";
enum class Fragment : uint8_t { Zero, Full, First, Middle, Last };

template <class Number>
Number number_at(const char* at) {
    Number number = 0;
    for (size_t i = 0; i < sizeof(Number); ++i)
        number = static_cast<Number>(number | Number{static_cast<uint8_t>(at[i])} << (8 * i));
    return number;
}

constexpr std::array<uint32_t, 256> checksum_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t sum = i;
        for (int bit = 0; bit < 8; ++bit)
            sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0x82f63b78u : 0);  // CRC-32C.
        table[i] = sum;
    }
    return table;
}

// As RocksDB stores it: rotated, so that the checksum of bytes with checksums in them is as good.
uint32_t masked_checksum(std::string_view bytes) {
    static constexpr auto kTable = checksum_table();
    uint32_t sum = ~0u;
    for (const char byte : bytes)
        sum = kTable[(sum ^ static_cast<uint8_t>(byte)) & 0xff] ^ (sum >> 8);
    sum = ~sum;
    return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

// The log files by number.
std::map<uint64_t, std::string> log_files(const std::string& directory) {
    std::map<uint64_t, std::string> files;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string stem = entry.path().stem().string();
        const bool is_number = !stem.empty() && stem.find_first_not_of("0123456789") == std::string::npos;
        if (entry.path().extension() == ".log" && is_number) files.emplace(std::stoull(stem), entry.path().string());
    }
    return files;
}

struct Record {
    uint64_t first = 0;  // Sequence numbers of its changes.
    uint64_t last = 0;
    uint64_t synced_through = 0;  // Its mark.
    uint64_t follows = 0;
};

// Nothing if it is no batch. Other people's batches, and those of old versions, have no mark, or only half of one; they
// follow what is in front of them.
std::optional<Record> read_batch(std::string_view bytes) {
    constexpr size_t kBegin = kBatchHeaderSize + 2;
    constexpr size_t kHalfMarkSize = 12;
    if (bytes.size() < kBatchHeaderSize) return std::nullopt;
    Record record{.first = number_at<uint64_t>(bytes.data())};
    record.last = record.first + number_at<uint32_t>(bytes.data() + 8) - 1;
    if (bytes.size() < kBegin + kHalfMarkSize || bytes[kBatchHeaderSize] != kLogDataTag ||
        bytes.substr(kBegin, kMark.size()) != kMark) {
        return record;
    }
    const char* numbers = bytes.data() + kBegin + kMark.size();
    record.synced_through = number_at<uint64_t>(numbers);
    const bool is_whole = bytes[kBatchHeaderSize + 1] == kLogMarkSize && bytes.size() >= kBegin + kLogMarkSize;
    if (is_whole) record.follows = number_at<uint64_t>(numbers + 8);
    return record;
}

// Goes through the records of all files and keeps what is behind each gap in mind.
class GapFinder {
public:
    void read_file(uint64_t number, const std::string& path) {
        file_ = {.log_number = number, .path = path};
        std::ifstream stream(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
        for (size_t block = 0; block < bytes.size(); block += kBlockSize)
            read_block(std::string_view(bytes).substr(block, kBlockSize), block);
        if (in_record_) note_gap(bytes.size());
        file_.offset = bytes.size();
        previous_ = file_;
    }

    std::vector<LogGap> take() { return std::move(gaps_); }

private:
    void read_block(std::string_view block, size_t offset) {
        for (size_t at = 0; at + kHeaderSize <= block.size();) {
            if (!is_fragment(block.substr(at))) {
                note_gap(offset + at);
                at = next_fragment(block, at + 1);
                continue;
            }
            const char* header = block.data() + at;
            const size_t length = number_at<uint16_t>(header + 4);
            read_fragment(static_cast<Fragment>(header[6]), {header + kHeaderSize, length}, offset + at);
            at += kHeaderSize + length;
        }
    }

    // The checksum says so.
    static bool is_fragment(std::string_view bytes) {
        const auto type = static_cast<Fragment>(bytes[6]);
        const size_t length = number_at<uint16_t>(bytes.data() + 4);
        if (type == Fragment::Zero || type > Fragment::Last || kHeaderSize + length > bytes.size()) return false;
        return number_at<uint32_t>(bytes.data()) == masked_checksum(bytes.substr(6, length + 1));
    }

    // Where one begins behind bytes that are none, since their length cannot be believed.
    static size_t next_fragment(std::string_view block, size_t at) {
        while (at + kHeaderSize <= block.size() && !is_fragment(block.substr(at)))
            ++at;
        return at;
    }

    void read_fragment(Fragment type, std::string_view bytes, size_t offset) {
        const bool begins = type == Fragment::Full || type == Fragment::First;
        if (begins == in_record_) note_gap(offset);  // Half a record.
        if (!begins && !in_record_) return;
        if (begins) record_.clear();
        record_ += bytes;
        in_record_ = type == Fragment::First || type == Fragment::Middle;
        if (!in_record_) read_record(offset, offset + kHeaderSize + bytes.size());
    }

    // `offset`: where its last fragment is.
    void read_record(size_t offset, size_t end) {
        const std::optional<Record> record = read_batch(record_);
        if (!record) return note_gap(offset);
        // Nothing is unreadable, and yet something is missing: the end of the file before, or files between them.
        const uint64_t before = std::max(record->follows, record->synced_through);
        if (seen_any_ && !after_gap_ && before > readable_to_ && record->first > readable_to_ + 1) {
            gaps_.push_back(previous_);
            gaps_.back().readable_to = readable_to_;
        }
        for (LogGap& gap : gaps_) {
            if (!std::exchange(gap.is_followed, true)) {
                gap.first_mark = record->synced_through;
                gap.is_hole = gap.is_first || before > gap.readable_to ||
                              (record->follows == 0 && record->first > gap.readable_to + 1);
            }
            gap.last_mark = std::max(gap.last_mark, record->synced_through);
        }
        readable_to_ = std::max(readable_to_, record->last);
        file_.whole_bytes = end;
        seen_any_ = true;
        after_gap_ = false;
    }

    void note_gap(size_t offset) {
        in_record_ = false;
        if (after_gap_) return;
        gaps_.push_back(file_);
        gaps_.back().offset = offset;
        gaps_.back().is_first = !seen_any_;
        gaps_.back().readable_to = readable_to_;
        after_gap_ = true;
    }

    std::vector<LogGap> gaps_;
    LogGap file_;      // Number, path and whole records of the one being read,
    LogGap previous_;  // and of the one before.
    std::string record_;
    bool in_record_ = false;
    bool after_gap_ = false;  // Nothing could be read since the last gap.
    bool seen_any_ = false;
    uint64_t readable_to_ = 0;
};

}  // namespace

std::string log_mark(uint64_t synced_through, uint64_t follows) {
    std::string mark(kMark);
    for (const uint64_t number : {synced_through, follows}) {
        for (int i = 0; i < 8; ++i)
            mark.push_back(static_cast<char>(number >> (8 * i) & 0xff));
    }
    return mark;
}

std::vector<LogGap> find_log_gaps(const std::string& directory) {
    GapFinder finder;
    for (const auto& [number, path] : log_files(directory))
        finder.read_file(number, path);
    return finder.take();
}

Outcome cut_log(const std::string& directory, const LogGap& gap) {
    // The last file first: if this is interrupted, what is left still shows the gap.
    const std::map<uint64_t, std::string> files = log_files(directory);
    for (auto file = files.rbegin(); file != files.rend() && file->first > gap.log_number; ++file) {
        if (Outcome outcome = remove_file(directory, file->second); !outcome) return outcome;
    }
    return cut_file(gap.path, gap.whole_bytes);
}

}  // namespace runnel::storage
