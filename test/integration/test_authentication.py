# SPDX-License-Identifier: Apache-2.0
"""Users: password file, SCRAM-SHA-256 from CONNECT and again, and what belongs to an identity."""

import re
import subprocess

import pytest
from wire import V5, V31, V311, Auth, Connack, Reason, Stopwatch, Will, admin_tool, barrier
from wire.scram import METHOD, ScramClient

PASSWORDS = {"alice": "wonderland", "bob": "builder"}
CONTINUE, AGAIN = Reason.CONTINUE_AUTHENTICATION, Reason.RE_AUTHENTICATE


def scram_auth(scram, challenge, reason_code=CONTINUE):
    return Auth(reason_code, authentication_method=METHOD, authentication_data=scram.final(challenge))


@pytest.fixture
def log_in(client):
    """log_in("alice", broker) connects with SCRAM-SHA-256 and checks the broker's signature."""

    def connect(user_name, broker, name=None, **options):
        one = client.open(name, broker=broker)
        scram = ScramClient(user_name, PASSWORDS[user_name])
        one.start_connect(authentication_method=METHOD, authentication_data=scram.first(), **options)
        challenge = one.expect(Auth, reason_code=CONTINUE, authentication_method=METHOD)
        one.send(scram_auth(scram, challenge.authentication_data))
        one.connack = one.expect(Connack, reason_code=0, authentication_method=METHOD)
        assert scram.verify(one.connack.authentication_data)
        return one

    return connect


def log_in_again(one, user_name, password=None):
    """Re-authentication up to the client's proof."""
    scram = ScramClient(user_name, password or PASSWORDS[user_name])
    one.send(Auth(AGAIN, authentication_method=METHOD, authentication_data=scram.first()))
    challenge = one.await_packet(Auth, reason_code=CONTINUE, authentication_method=METHOD)
    one.send(scram_auth(scram, challenge.authentication_data))
    return scram


# SCRAM -----------------------------------------------------------------------------------------------------------


def test_scram_user_is_the_same_as_with_a_password(client, log_in, make_broker, password_file):
    rule = {"publish": ["of/%u/#"], "subscribe": ["of/%u/#"]}
    auth = {"anonymous": "never", "password_file": password_file(**PASSWORDS)}
    broker = make_broker({"auth": auth, "access": [rule]})
    plain = client(broker=broker, user_name="alice", password=b"wonderland")
    scram = log_in("alice", broker)
    for one, other in ((plain, scram), (scram, plain)):
        one.subscribe("of/alice/#", qos=1)
        other.publish("of/alice/a", b"x", qos=1)
        one.expect_publish("of/alice/a", b"x", qos=1)
        one.unsubscribe("of/alice/#")
        one.subscribe("of/bob/#", qos=1, expect=[Reason.NOT_AUTHORIZED])
        one.publish("of/bob/a", b"x", qos=1, reason_codes=[Reason.NOT_AUTHORIZED])


def test_scram_session_is_resumed_with_a_password_and_back(client, log_in, users_broker, topic):
    options = {"clean_start": False, "session_expiry_interval": 60}
    one = log_in("alice", users_broker, "s", **options)
    one.subscribe(topic(), qos=1)
    one.disconnect()
    one = client("s", broker=users_broker, user_name="alice", password=b"wonderland", **options)
    assert one.connack.session_present
    one.disconnect()
    one = log_in("alice", users_broker, "s", **options)
    assert one.connack.session_present
    one.publish(topic(), b"x", qos=1)
    one.expect_publish(topic(), b"x", qos=1)


def test_scram_does_not_open_the_session_of_another(client, log_in, users_broker):
    victim = log_in("alice", users_broker, "victim", clean_start=False, session_expiry_interval=60)
    thief = client.open("victim", broker=users_broker)
    scram = ScramClient("bob", "builder")
    thief.start_connect(clean_start=False, authentication_method=METHOD, authentication_data=scram.first())
    challenge = thief.expect(Auth, reason_code=CONTINUE)
    thief.send(scram_auth(scram, challenge.authentication_data))
    thief.expect_refused(Reason.NOT_AUTHORIZED)
    victim.ping()


@pytest.mark.parametrize("user_name, password", [
    ("alice", "builder"), ("alice", ""), ("nobody", "wonderland"), ("", ""),
])  # fmt: skip
def test_scram_with_wrong_credentials_is_refused(client, users_broker, user_name, password):
    one = client.open(broker=users_broker)
    scram = ScramClient(user_name, password)
    one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
    answer = one.receive()
    if isinstance(answer, Auth):
        one.send(scram_auth(scram, answer.authentication_data))
        answer = one.receive()
    assert isinstance(answer, Connack)
    assert answer.reason_code in (Reason.BAD_USER_NAME_OR_PASSWORD, Reason.NOT_AUTHORIZED)
    one.expect_closed()


def test_scram_hides_which_users_exist(client, users_broker):
    """An unknown user gets a challenge too, and always the same salt, as a known one does."""
    seen = {}
    for user_name in ("alice", "nobody", "alice", "nobody"):
        one = client.open(broker=users_broker)
        one.start_connect(authentication_method=METHOD, authentication_data=ScramClient(user_name, "x").first())
        challenge = one.expect(Auth, reason_code=CONTINUE).authentication_data.decode()
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        seen.setdefault(user_name, set()).add((fields["s"], fields["i"]))
        one.close()
    assert len(seen["alice"]) == len(seen["nobody"]) == 1
    (alice,), (nobody,) = seen["alice"], seen["nobody"]
    assert alice[1] == nobody[1] and len(alice[0]) == len(nobody[0]) and alice[0] != nobody[0]


def test_scram_nonce_of_the_server_is_new_each_time(client, users_broker):
    nonces = set()
    for _ in range(20):
        one = client.open(broker=users_broker)
        scram = ScramClient("alice", "wonderland")
        one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
        challenge = one.expect(Auth, reason_code=CONTINUE).authentication_data.decode()
        nonces.add(challenge.split(",")[0][-16:])
        one.close()
    assert len(nonces) == 20


def test_scram_proof_cannot_be_replayed(client, users_broker):
    def begin(scram):
        one = client.open(broker=users_broker)
        one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
        return one, one.expect(Auth, reason_code=CONTINUE).authentication_data

    scram = ScramClient("alice", "wonderland")
    first, challenge = begin(scram)
    proof = scram_auth(scram, challenge)
    first.send(proof)
    first.expect(Connack, reason_code=0)
    second, _ = begin(scram)  # The same first message again, and then the proof that was overheard.
    second.send(proof)
    second.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD, Reason.NOT_AUTHORIZED)


MALFORMED = [
    b"", b"x", b"n", b"n,", b"n,,", b"n,,n=alice", b"n,,r=abc", b"n,,n=,r=", b"n,,r=abc,n=alice", b"y,,n=alice,r=",
    b"p=tls-unique,,n=alice,r=abc", b"n,a=bob,n=alice,r=abc", b"n,,m=ext,n=alice,r=abc", b"n,,n=al=ice,r=abc",
    b"n,,n=alice,r=a\xffb", b"n,,n=\xff,r=abc", b"\0" * 1000, b"n,,n=" + b"a" * 50000 + b",r=abc", b"," * 60000,
]  # fmt: skip


@pytest.mark.parametrize("first", MALFORMED, ids=lambda first: repr(first[:30]))
def test_scram_first_message_that_is_no_scram(client, users_broker, first):
    one = client.open(broker=users_broker)
    one.start_connect(authentication_method=METHOD, authentication_data=first)
    answer = one.receive()
    if isinstance(answer, Auth):  # Odd, but it could be the start of an exchange.
        one.send(Auth(CONTINUE, authentication_method=METHOD, authentication_data=first))
        answer = one.receive()
    assert isinstance(answer, Connack) and answer.reason_code >= 0x80
    one.expect_closed()
    client(broker=users_broker, user_name="alice", password=b"wonderland").ping()


@pytest.mark.parametrize("change", [
    lambda final: b"", lambda final: final[:-1], lambda final: final + b",x=1", lambda final: final.split(b",p=")[0],
    lambda final: final.replace(b"c=biws", b"c=eSws"), lambda final: final.replace(b"r=", b"r=x"),
    lambda final: final.replace(b"p=", b"p=AAAA"), lambda final: b"p=" + final, lambda final: final[:-4] + b"!!!!",
], ids=["empty", "cut", "extended", "no proof", "binding", "nonce", "long proof", "order", "base64"])  # fmt: skip
def test_scram_final_message_that_was_changed(client, users_broker, change):
    one = client.open(broker=users_broker)
    scram = ScramClient("alice", "wonderland")
    one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
    challenge = one.expect(Auth, reason_code=CONTINUE).authentication_data
    one.send(Auth(CONTINUE, authentication_method=METHOD, authentication_data=change(scram.final(challenge))))
    answer = one.receive()
    assert isinstance(answer, Connack) and answer.reason_code >= 0x80
    one.expect_closed()


# Re-authentication -----------------------------------------------------------------------------------------------


def test_re_authentication_while_messages_flow(log_in, users_broker, topic):
    one = log_in("alice", users_broker)
    one.subscribe(topic(), qos=1)
    for number in range(5):
        scram = log_in_again(one, "alice")
        one.publish(topic(), b"%d" % number, qos=1)
        done = one.await_packet(Auth, reason_code=0, authentication_method=METHOD)
        assert scram.verify(done.authentication_data)
        one.expect_publish(topic(), b"%d" % number, qos=1)


def test_failed_re_authentication_ends_the_connection_and_publishes_the_will(client, log_in, users_broker, topic):
    watcher = client(broker=users_broker, user_name="bob", password=b"builder")
    watcher.subscribe(topic())
    one = log_in("alice", users_broker, will=Will(topic(), b"gone"))
    barrier(one, watcher)
    log_in_again(one, "alice", "wrong")
    one.expect_disconnect(Reason.NOT_AUTHORIZED, Reason.BAD_USER_NAME_OR_PASSWORD)
    watcher.expect_publish(topic(), b"gone")


def test_re_authentication_as_somebody_else_is_refused(log_in, users_broker):
    one = log_in("alice", users_broker)
    log_in_again(one, "bob")
    one.expect_disconnect(Reason.NOT_AUTHORIZED, Reason.PROTOCOL_ERROR, Reason.BAD_USER_NAME_OR_PASSWORD)


# Passwords and anonymous clients ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [V31, V311, V5])
def test_password_in_every_version(client, users_broker, version):
    client(broker=users_broker, user_name="alice", password=b"wonderland").ping()


NAMES = ["a b", "\u00fcn\u00efc\u00f6de", "a/b", "+", "$x", "a=b", "a,b", "\U0001f600", "A" * 200]


def test_users_with_unusual_names_and_passwords(client, make_broker, password_file):
    passwords = {name: f"{name} secret \u00fc: ,=" for name in NAMES}
    broker = make_broker({"auth": {"anonymous": "never", "password_file": password_file(**passwords)}})
    for name, password in passwords.items():
        client(broker=broker, user_name=name, password=password.encode()).disconnect()
        scram = ScramClient(name, password)
        one = client.open(broker=broker)
        one.start_connect(authentication_method=METHOD, authentication_data=scram.first())
        challenge = one.expect(Auth, reason_code=CONTINUE)
        one.send(scram_auth(scram, challenge.authentication_data))
        one.expect(Connack, reason_code=0)


def test_password_file_holds_no_password(password_file):
    content = open(password_file(alice="wonderland", bob="builder"), encoding="utf-8").read()
    assert "wonderland" not in content and "builder" not in content
    assert len(re.findall(r"\$y\$", content)) == 2, "yescrypt hashes"
    assert re.search(r"^alice", content, re.MULTILINE) and re.search(r"^bob", content, re.MULTILINE)


def test_password_is_changed(client, make_broker, password_file):
    path = password_file(alice="old", bob="builder")
    password_file(alice="new")
    broker = make_broker({"auth": {"anonymous": "never", "password_file": path}})
    client(broker=broker, user_name="alice", password=b"new").disconnect()
    refused = client.open(broker=broker)
    refused.start_connect(user_name="alice", password=b"old")
    refused.expect_refused(Reason.BAD_USER_NAME_OR_PASSWORD)
    client(broker=broker, user_name="bob", password=b"builder").disconnect()


def test_empty_password_is_refused(tmp_path):
    command = [str(admin_tool()), "passwd", str(tmp_path / "passwords"), "alice"]
    ended = subprocess.run(command, input=b"\n", capture_output=True, timeout=20, check=False)
    assert ended.returncode != 0 and ended.stderr
    assert not (tmp_path / "passwords").exists() or b"alice" not in (tmp_path / "passwords").read_bytes()


def test_many_logins_do_not_delay_others(client, users_broker, topic):
    """Hashing happens off the loops: a connected client keeps its pace."""
    one = client(broker=users_broker, user_name="alice", password=b"wonderland")
    one.subscribe(topic(), qos=1)
    waiting = [client.open(broker=users_broker) for _ in range(30)]
    for other in waiting:
        other.start_connect(user_name="alice", password=b"wonderland")
    longest = 0.0
    for number in range(50):
        stopwatch = Stopwatch()
        one.publish(topic(), b"%d" % number, qos=1)
        one.expect_publish(topic(), b"%d" % number, qos=1)
        longest = max(longest, stopwatch.elapsed)
    assert longest < 0.5
    for other in waiting:
        other.expect(Connack, reason_code=0, timeout=30)


@pytest.mark.parametrize("anonymous, accepted", [("never", False), ("loopback", True), ("always", True)])
@pytest.mark.parametrize("version", [V311, V5])
def test_anonymous_clients(client, make_broker, version, anonymous, accepted):
    broker = make_broker({"auth": {"anonymous": anonymous}})
    one = client.open(broker=broker)
    one.start_connect()
    if accepted:
        one.expect(Connack, reason_code=0)
    else:
        one.expect_refused(Reason.NOT_AUTHORIZED if version == V5 else 5)


def test_anonymous_over_a_unix_socket_counts_as_loopback(client, make_broker, tmp_path):
    listener = {"protocol": "mqtt", "address": f"unix:{tmp_path / 'mqtt.socket'}"}
    broker = make_broker({"auth": {"anonymous": "loopback"}, "listener": [listener]})
    client(broker=broker).ping()
