// SPDX-License-Identifier: Apache-2.0
// floor: the least work that any MQTT broker can do on a socket API, as a lower bound to compare brokers with. One
// epoll loop, a hash lookup of the topic and of its parent (for "a/b/#" and "a/b/+"); no other wildcards, no sessions,
// no limits, no timers, no storage, and no check of anything: never let it near a network.
// QoS 0 and 1 only: a PUBLISH is acknowledged at once and relayed with a fresh Packet Identifier; PUBACKs are ignored.
//
// Usage: floor PORT   (binds 127.0.0.1; port 0 = any free; prints the port)
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t kReadSize = 1 << 18;
constexpr int kEventsMax = 1024;
constexpr int kBacklog = 4096;

struct Connection {
    explicit Connection(int accepted) : descriptor(accepted) {}

    int descriptor;
    bool is_v5 = false;
    uint16_t next_identifier = 1;
    bool is_dirty = false;    // Has output to write at the end of the turn.
    bool is_blocked = false;  // Its socket is full.
    std::vector<uint8_t> input;
    std::vector<uint8_t> output;
    size_t sent = 0;
};

class Floor {
public:
    explicit Floor(int listener) : listener_(listener), epoll_(epoll_create1(0)), space_(kReadSize) {
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    }

    [[noreturn]] void run() {
        std::vector<epoll_event> events(kEventsMax);
        for (;;) {
            const int count = epoll_wait(epoll_, events.data(), kEventsMax, -1);
            for (int i = 0; i < count; ++i)
                ready(events[i]);
            for (Connection* connection : dirty_) {
                connection->is_dirty = false;
                if (connection->descriptor >= 0) flush(*connection);
            }
            dirty_.clear();
        }
    }

private:
    void watch(int operation, int descriptor, uint32_t events, Connection* connection) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = connection;
        epoll_ctl(epoll_, operation, descriptor, &event);
    }

    void ready(const epoll_event& event) {
        auto* connection = static_cast<Connection*>(event.data.ptr);
        if (connection == nullptr) return accept_all();
        if (event.events & EPOLLOUT) flush(*connection);
        if (event.events & ~EPOLLOUT) receive(*connection);
    }

    void accept_all() {
        const int one = 1;
        for (int descriptor; (descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            watch(EPOLL_CTL_ADD, descriptor, EPOLLIN, new Connection(descriptor));
        }
    }

    void close_connection(Connection& connection) {
        for (auto& [topic, connections] : subscribers_)
            std::erase(connections, &connection);
        epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.descriptor, nullptr);
        close(connection.descriptor);
        connection.descriptor = -1;
    }

    void put(Connection& connection, const void* bytes, size_t size) {
        const auto* first = static_cast<const uint8_t*>(bytes);
        connection.output.insert(connection.output.end(), first, first + size);
        if (connection.is_dirty) return;
        connection.is_dirty = true;
        dirty_.push_back(&connection);
    }

    void flush(Connection& connection) {
        std::vector<uint8_t>& output = connection.output;
        while (connection.sent < output.size()) {
            const ssize_t size =
                write(connection.descriptor, output.data() + connection.sent, output.size() - connection.sent);
            if (size < 0 && errno == EAGAIN) {
                if (connection.is_blocked) return;
                connection.is_blocked = true;
                return watch(EPOLL_CTL_MOD, connection.descriptor, EPOLLIN | EPOLLOUT, &connection);
            }
            if (size < 0) break;
            connection.sent += static_cast<size_t>(size);
        }
        output.clear();
        connection.sent = 0;
        if (!connection.is_blocked) return;
        connection.is_blocked = false;
        watch(EPOLL_CTL_MOD, connection.descriptor, EPOLLIN, &connection);
    }

    // The bytes that a Variable Byte Integer takes; 0 if its end is missing.
    static size_t take_length(const uint8_t* from, const uint8_t* end, uint32_t& length) {
        length = 0;
        for (size_t i = 0; i < 4 && from + i < end; ++i) {
            length |= static_cast<uint32_t>(from[i] & 127) << (7 * i);
            if (!(from[i] & 128)) return i + 1;
        }
        return 0;
    }

    void receive(Connection& connection) {
        const ssize_t size = read(connection.descriptor, space_.data(), space_.size());
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) return close_connection(connection);
        const uint8_t* packet = space_.data();
        const uint8_t* end = packet + size;
        std::vector<uint8_t>& input = connection.input;
        if (!input.empty()) {
            input.insert(input.end(), packet, end);
            packet = input.data();
            end = packet + input.size();
        }
        while (end - packet >= 2) {
            uint32_t length = 0;
            const size_t length_size = take_length(packet + 1, end, length);
            if (length_size == 0 || static_cast<size_t>(end - packet) < 1 + length_size + length) break;
            take_packet(connection, packet[0], packet + 1 + length_size, length);
            packet += 1 + length_size + length;
        }
        std::vector<uint8_t> rest(packet, end);
        input.swap(rest);
    }

    void take_packet(Connection& connection, uint8_t header, const uint8_t* body, uint32_t size) {
        switch (header >> 4) {
            case 1: return take_connect(connection, body);
            case 3: return take_publish(connection, header, body, size);
            case 8: return take_subscribe(connection, body, size);
            case 12: return put(connection, "\xd0\x00", 2);
            default: return;
        }
    }

    void take_connect(Connection& connection, const uint8_t* body) {
        connection.is_v5 = body[6] == 5;
        if (connection.is_v5)
            put(connection, "\x20\x03\x00\x00\x00", 5);
        else
            put(connection, "\x20\x02\x00\x00", 4);
    }

    // Filters with a wildcard are found by the parent of a topic.
    static std::string key_of(std::string_view filter) {
        std::string key(filter);
        if (key.ends_with("/#") || key.ends_with("/+")) key.back() = '#';
        return key;
    }

    void take_subscribe(Connection& connection, const uint8_t* body, uint32_t size) {
        const uint8_t* from = body + 2;
        const uint8_t* const end = body + size;
        if (connection.is_v5) {
            uint32_t properties = 0;
            from += take_length(from, end, properties);
            from += properties;
        }
        std::vector<uint8_t> codes;
        while (from + 2 < end) {
            const size_t length = static_cast<size_t>(from[0]) << 8 | from[1];
            const std::string_view filter(reinterpret_cast<const char*>(from) + 2, length);
            subscribers_[key_of(filter)].push_back(&connection);
            has_wildcards_ = has_wildcards_ || filter.ends_with('#') || filter.ends_with('+');
            codes.push_back(from[2 + length] & 1);
            from += 3 + length;
        }
        const size_t v5 = connection.is_v5 ? 1 : 0;
        const uint8_t start[5] = {0x90, static_cast<uint8_t>(2 + v5 + codes.size()), body[0], body[1], 0};
        put(connection, start, 4 + v5);
        put(connection, codes.data(), codes.size());
    }

    // A PUBLISH that is relayed as it came but for its Packet Identifier.
    struct Relayed {
        uint8_t header[5];
        size_t header_size = 1;
        const uint8_t* body;
        size_t size;
        size_t identifier_at;  // 0 with QoS 0.
    };

    void take_publish(Connection& connection, uint8_t header, const uint8_t* body, uint32_t size) {
        const size_t topic_size = static_cast<size_t>(body[0]) << 8 | body[1];
        std::string topic(reinterpret_cast<const char*>(body) + 2, topic_size);
        const bool is_acknowledged = (header >> 1 & 3) != 0;
        if (is_acknowledged) {
            const uint8_t puback[4] = {0x40, 2, body[2 + topic_size], body[3 + topic_size]};
            put(connection, puback, sizeof puback);
        }
        Relayed relayed{{static_cast<uint8_t>(header & 0xf6)}, 1, body, size, is_acknowledged ? 2 + topic_size : 0};
        for (uint32_t left = size; relayed.header_size == 1 || left != 0; left >>= 7)
            relayed.header[relayed.header_size++] = static_cast<uint8_t>((left & 127) | (left > 127 ? 128 : 0));
        relay(topic, relayed);
        if (!has_wildcards_) return;
        const size_t slash = topic.rfind('/');
        if (slash == std::string::npos) return;
        topic.resize(slash + 1);
        topic += '#';
        relay(topic, relayed);
    }

    void relay(const std::string& key, const Relayed& relayed) {
        const auto found = subscribers_.find(key);
        if (found == subscribers_.end()) return;
        for (Connection* subscriber : found->second) {
            put(*subscriber, relayed.header, relayed.header_size);
            const size_t start = subscriber->output.size();
            put(*subscriber, relayed.body, relayed.size);
            if (relayed.identifier_at == 0) continue;
            uint16_t identifier = subscriber->next_identifier++;
            if (identifier == 0) identifier = subscriber->next_identifier++;
            subscriber->output[start + relayed.identifier_at] = static_cast<uint8_t>(identifier >> 8);
            subscriber->output[start + relayed.identifier_at + 1] = static_cast<uint8_t>(identifier & 255);
        }
    }

    const int listener_;
    const int epoll_;
    std::vector<uint8_t> space_;
    std::vector<Connection*> dirty_;
    std::unordered_map<std::string, std::vector<Connection*>> subscribers_;
    bool has_wildcards_ = false;
};

// Listens on 127.0.0.1 and prints the port. Negative if that fails.
int open_listener(uint16_t port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* name = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(listener, name, size) != 0 || listen(listener, kBacklog) != 0 || getsockname(listener, name, &size) != 0)
        return -1;
    std::printf("%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

}  // namespace

int main(int argc, char** argv) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    const int listener = open_listener(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 1883));
    if (listener < 0) {
        std::perror("floor");
        return 1;
    }
    Floor(listener).run();
}
