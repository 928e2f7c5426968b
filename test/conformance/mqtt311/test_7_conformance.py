# SPDX-License-Identifier: Apache-2.0
"""Chapter 7: what a server has to offer to anybody."""

import pytest
from wire import V5, V31, V311, statement311 as statement


@pytest.mark.parametrize("other", [V31, V311, V5])
@statement("MQTT-7.0.0-2")
def test_7_0_0_2_plain_clients_of_all_versions_understand_each_other(client, topic, other):
    plain, second = client(), client(version=other)
    plain.subscribe(topic("to 3.1.1"), qos=2)
    second.subscribe(topic("to the other"), qos=2)
    for qos in (0, 1, 2):
        plain.publish(topic("to the other"), b"x", qos=qos)
        second.expect_publish(topic("to the other"), b"x", qos=qos)
        second.publish(topic("to 3.1.1"), b"y", qos=qos)
        plain.expect_publish(topic("to 3.1.1"), b"y", qos=qos)
    plain.disconnect()
    second.disconnect()


@statement("MQTT-7.1.1-1")
def test_7_1_1_1_tcp_carries_the_bytes_in_order_and_without_loss(client, topic):
    one = client()
    one.subscribe(topic(), qos=1)
    payload = bytes(range(256)) * 3000
    one.publish(topic(), payload, qos=1)
    one.expect_publish(topic(), payload, qos=1)
