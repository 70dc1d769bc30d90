"""Where requests come from: this machine, a proxy, an address that asks too often."""

import re

import pytest

from conftest import PATIENCE, Client, Server, gemini, new_user


@pytest.mark.parametrize("headers", [
    {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"X-Real-IP": "203.0.113.9"}, {"Via": "1.1 proxy"},
    {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Proto": "https"},
])
def test_development_sign_in_does_not_come_through_a_proxy(server, headers):
    headers = {**headers, "Authorization": "Bearer dev:ada"}
    problem = server.request("GET", "/api/v1/clearreply/runs/run_x", headers=headers).problem(401, "invalid_token")
    assert "`mode: production`" in problem["detail"]


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1", 404), ("localhost", 404), ("LOCALHOST:80", 401), ("app.localhost:8080", 404), ("[::1]:80", 404),
    ("127.0.0.2:1", 404), ("rebound.example:8080", 401), ("localhost.example", 401), ("192.168.0.7:8080", 401), ("[::2]", 401),
])
def test_development_sign_in_is_asked_for_at_this_machine(server, host, status):
    reply = server.request("GET", "/api/v1/clearreply/runs/run_x", headers={"Host": host, "Authorization": "Bearer dev:ada"})
    assert reply.status == status, reply
    assert server.request("GET", "/healthz", headers={"Host": host}).status == 200


def test_an_address_may_ask_so_often_and_each_for_itself(tmp_path, shared_models):
    server = Server(tmp_path / "data", env=gemini(
        shared_models, PLENUM_REQUESTS_PER_MINUTE_PER_ADDRESS="5", PLENUM_PROXIES="127.0.0.1,10.0.0.0/8")).start()
    try:
        of = lambda address: server.request("GET", "/", headers={"X-Forwarded-For": address})  # noqa: E731
        assert [of("198.51.100.7").status for _ in range(7)] == [200] * 5 + [429] * 2
        slow = of("9.9.9.9, 198.51.100.7, 10.0.0.1")
        assert "from this address" in slow.problem(429, "rate_exceeded")["detail"]
        assert 1 <= int(slow.headers["Retry-After"]) <= 12
        assert of("198.51.100.8").status == 200
        assert [of("2001:db8::%d" % n).status for n in range(6)] == [200] * 5 + [429]
        assert [server.request("GET", "/healthz", headers={"X-Forwarded-For": "198.51.100.7"}).status for _ in range(9)] == [200] * 9
    finally:
        server.stop()


@pytest.mark.parametrize("setting, value", [
    ("PROXIES", "example.com"), ("PROXIES", "10.0.0.0/33"), ("REQUESTS_PER_MINUTE_PER_ADDRESS", "-1")])
def test_a_setting_that_is_none_is_named(tmp_path, setting, value):
    server = Server(tmp_path / "data", env={"PLENUM_" + setting: value}).launch()
    assert server.process.wait(20 * PATIENCE) == 2
    assert re.search(rf"`{setting.lower()}` (has|is) `{re.escape(value)}`", server.log()), server.log()
