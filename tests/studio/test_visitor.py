"""A browser sees the works that it has ordered, and no others'."""

import dataclasses
from http.cookies import SimpleCookie

from allaprima.studio.visitor import COOKIE
from tests.studio.conftest import finished, studio

PAGE = {"accept": "text/html,*/*"}
ORDER = {"model": "stylegan2", "count": 2, "seed": 0, "truncation": 0.7}


def test_a_browser_gets_a_number_with_its_first_page_and_keeps_it(settings, tmp_path):
    with studio(dataclasses.replace(settings, out=tmp_path)) as client:
        first = client.get("/", headers=PAGE)
        cookie = SimpleCookie(first.headers["set-cookie"])[COOKIE]
        assert len(cookie.value) > 16
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert "set-cookie" not in client.get("/", headers=PAGE).headers
        assert "set-cookie" not in client.get("/api/studio").headers


def test_works_of_others_are_not_listed(settings, tmp_path):
    with studio(dataclasses.replace(settings, out=tmp_path)) as client:
        program = client.post("/api/bulk", json=ORDER).json()
        assert client.get("/api/jobs").json() == []
        client.get("/", headers=PAGE)
        own = client.post("/api/bulk", json=ORDER).json()
        assert [job["id"] for job in client.get("/api/jobs").json()] == [own["id"]]
        client.cookies.clear()
        client.get("/", headers=PAGE)
        assert client.get("/api/jobs").json() == []
        assert finished(client, program)["state"] == "done"  # who knows the number may ask


def test_a_picture_is_kept_by_browsers_under_its_version_alone(client):
    version = client.get("/api/models/stylegan2").json()["version"]
    address = "/api/models/stylegan2/picture?seed=1"
    kept = client.get(f"{address}&version={version}")
    assert "immutable" in kept.headers["cache-control"]
    for other in (address, f"{address}&version=another"):
        answer = client.get(other)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.content == kept.content
