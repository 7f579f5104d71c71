"""Whatever a program asks for: no operation of the description breaks, and every answer is as it says."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from allaprima.studio.app import create_app
from allaprima.studio.settings import Limits, Settings
from tests.studio.conftest import studio

schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: no requests were made up")
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = Limits(images=4, order=8, jobs=3, kept=3, side=512, frames=4, seconds=30)
MODEL, METHODS = "progan", ("get", "post", "put", "delete", "patch")
DESCRIPTION = create_app(Settings(models={MODEL: MODEL}, out=Path())).openapi()
OPERATIONS = [
    (path, method) for path, methods in DESCRIPTION["paths"].items() for method in METHODS if method in methods
]
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.fixture(scope="module")
def few(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A studio of its own with two models and small limits."""
    whole = request.getfixturevalue("settings")
    models = {name: whole.models[name] for name in (MODEL, "classes")}
    with studio(replace(whole, models=models, out=tmp_path_factory.mktemp("described"), limits=FEW)) as client:
        yield client


def with_model(content: Any) -> Any:
    """The same, but for a model that is there."""
    if isinstance(content, dict):
        return {key: MODEL if key == "model" else with_model(value) for key, value in content.items()}
    return [with_model(each) for each in content] if isinstance(content, list) else content


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: str(part))
def test_no_made_up_request_breaks_an_operation(few, path, method):
    @seed(1)
    @settings(
        max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], derandomize=False, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=SCHEMA[path][method].as_strategy(), is_served=st.booleans())
    def ask(case: Any, is_served: bool) -> None:
        if is_served:
            case.path_parameters = with_model(dict(case.path_parameters or {}))
            case.query = with_model(dict(case.query or {}))
            case.body = with_model(case.body)
        told = case.as_transport_kwargs(base_url="http://127.0.0.1")
        wanted = {key: told[key] for key in ("method", "url", "headers", "params", "json") if told.get(key) is not None}
        answer = few.request(**wanted, content=told.get("data"))
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_the_description_names_what_programs_may_ask_for():
    assert {("/api/generate", "post"), ("/api/bulk", "post"), ("/random.png", "get")} <= set(OPERATIONS)
    for path, method in OPERATIONS:
        operation = DESCRIPTION["paths"][path][method]
        assert operation.get("description"), f"{method} {path} says nothing of itself"
        assert {"413", "422", "429"} <= set(operation["responses"])
