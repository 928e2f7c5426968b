# SPDX-License-Identifier: Apache-2.0
"""Where the broker listens: TCP over IPv4 and IPv6, Unix sockets, several at once, restarts."""

import os
import socket
import stat
import subprocess

import pytest
from wire import TIMEOUT, Stopwatch, wait_until
from wire.broker import binary


def mqtt(address, **options):
    return {"protocol": "mqtt", "address": address, **options}


def exchange(one, other, topic):
    """A message each way between two clients of one broker."""
    one.subscribe(topic + "/to one", qos=1)
    other.subscribe(topic + "/to other", qos=1)
    one.publish(topic + "/to other", b"x", qos=1)
    other.expect_publish(topic + "/to other", b"x", qos=1)
    other.publish(topic + "/to one", b"y", qos=1)
    one.expect_publish(topic + "/to one", b"y", qos=1)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_tcp_listener_on_a_free_port(client, make_broker, topic, address):
    broker = make_broker({"listener": [mqtt(address)]})
    host, port = broker.address
    assert port > 0 and host in ("127.0.0.1", "::1")
    exchange(client(broker=broker), client(broker=broker), topic())


def test_unix_socket(client, make_broker, topic, tmp_path):
    path = tmp_path / "mqtt.socket"
    broker = make_broker({"listener": [mqtt(f"unix:{path}")]})
    assert broker.address == str(path)
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    exchange(client(broker=broker), client(broker=broker), topic())
    broker.stop()
    assert not path.exists()


def test_unix_socket_left_behind_is_replaced(client, make_broker, tmp_path):
    path = tmp_path / "mqtt.socket"
    broker = make_broker({"listener": [mqtt(f"unix:{path}")]})
    broker.kill()
    assert path.exists()
    broker.start()
    client(broker=broker).ping()


def test_unix_socket_in_use_is_not_taken_away(client, make_broker, run_runnel, tmp_path):
    path = tmp_path / "mqtt.socket"
    broker = make_broker({"listener": [mqtt(f"unix:{path}")]})
    config = tmp_path / "second.toml"
    config.write_text(f'[[listener]]\nprotocol = "mqtt"\naddress = "unix:{path}"\n')
    second = run_runnel("--config", str(config))
    assert second.returncode != 0 and str(path) in second.stderr
    client(broker=broker).ping()


def test_other_files_are_not_replaced_by_a_socket(run_runnel, tmp_path):
    path = tmp_path / "precious"
    path.write_text("keep me")
    config = tmp_path / "runnel.toml"
    config.write_text(f'[[listener]]\nprotocol = "mqtt"\naddress = "unix:{path}"\n')
    ended = run_runnel("--config", str(config))
    assert ended.returncode != 0 and str(path) in ended.stderr
    assert path.read_text() == "keep me"


def test_several_listeners_are_one_broker(client, make_broker, topic, tmp_path):
    listeners = ["127.0.0.1:0", "[::1]:0", f"unix:{tmp_path / 'mqtt.socket'}", "127.0.0.1:0"]
    broker = make_broker({"listener": [mqtt(address) for address in listeners]})
    assert len(broker.addresses) == 4 and len(set(broker.addresses)) == 4
    assert broker.addresses[2] == str(tmp_path / "mqtt.socket")
    clients = [client(address=address) for address in broker.addresses]
    for number, one in enumerate(clients):
        exchange(one, clients[number - 1], topic(str(number)))


def test_limit_of_one_listener_does_not_count_for_another(client, make_broker):
    broker = make_broker({"listener": [mqtt("127.0.0.1:0", max_connections=1), mqtt("127.0.0.1:0")]})
    client(address=broker.addresses[0])
    for _ in range(5):
        client(address=broker.addresses[1]).ping()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_restarted_broker_binds_its_port_at_once(client, make_broker, topic):
    broker = make_broker({"listener": [mqtt(f"127.0.0.1:{free_port()}")]})
    for _ in range(3):
        clients = [client(broker=broker) for _ in range(20)]
        exchange(clients[0], clients[1], topic())
        broker.stop()  # The broker closes first: its side of each connection goes to TIME_WAIT.
        broker.start()
    client(broker=broker).ping()


def test_killed_broker_can_be_started_at_once(client, make_broker, topic):
    broker = make_broker({"listener": [mqtt(f"127.0.0.1:{free_port()}")]})
    clients = [client(broker=broker) for _ in range(20)]
    exchange(clients[0], clients[1], topic())
    broker.kill()
    broker.start()
    client(broker=broker).ping()


@pytest.mark.usefixtures("run_runnel")
def test_broker_listens_within_a_tenth_of_a_second(tmp_path):
    def seconds_to_connect():
        port = free_port()
        config = tmp_path / "runnel.toml"
        config.write_text(f'[[listener]]\nprotocol = "mqtt"\naddress = "127.0.0.1:{port}"\n')
        stopwatch = Stopwatch()
        command = [str(binary()), "--config", str(config), "--data-dir", str(tmp_path / "store")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as started:
            try:
                wait_until(lambda: connects(port))
                return stopwatch.elapsed
            finally:
                started.terminate()

    # The best of some tries: what counts is the broker's own time, not the machine's load.
    assert min(seconds_to_connect() for _ in range(5)) < TIMEOUT / 50


def connects(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_port_in_use_is_an_error_with_its_address(make_broker, run_runnel, tmp_path):
    broker = make_broker()
    host, port = broker.address
    config = tmp_path / "second.toml"
    config.write_text(f'[[listener]]\nprotocol = "mqtt"\naddress = "{host}:{port}"\n')
    second = run_runnel("--config", str(config))
    assert second.returncode not in (0, None)
    assert f"{host}:{port}" in second.stderr and "in use" in second.stderr


def test_one_listener_that_fails_starts_nothing(make_broker, run_runnel, tmp_path):
    broker = make_broker()
    host, port = broker.address
    free, path = free_port(), tmp_path / "mqtt.socket"
    config = tmp_path / "second.toml"
    addresses = [f"127.0.0.1:{free}", f"unix:{path}", f"{host}:{port}"]
    config.write_text("".join(f'[[listener]]\nprotocol = "mqtt"\naddress = "{address}"\n' for address in addresses))
    assert run_runnel("--config", str(config)).returncode != 0
    assert not connects(free) and not path.exists()


def test_connections_are_spread_over_all_loops(client, make_broker, topic):
    broker = make_broker({"broker": {"loops": 4}})
    subscribers = [client(broker=broker) for _ in range(16)]
    for one in subscribers:
        one.subscribe(topic(), qos=1)
    for publisher in [client(broker=broker) for _ in range(16)]:
        publisher.publish(topic(), publisher.client_identifier.encode(), qos=1)
        for one in subscribers:
            one.expect_publish(topic(), publisher.client_identifier.encode(), qos=1)


@pytest.mark.parametrize("loops", [1, 2, 3, 8])
def test_any_number_of_loops(client, make_broker, topic, loops):
    broker = make_broker({"broker": {"loops": loops}})
    clients = [client(broker=broker) for _ in range(6)]
    for number, one in enumerate(clients):
        exchange(one, clients[number - 1], topic(str(number)))
    threads = len(os.listdir(f"/proc/{broker.pid}/task"))
    assert threads >= loops
