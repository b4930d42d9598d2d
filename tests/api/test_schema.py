"""The schema that the dashboard's types are made from."""

import json

import pytest
from django.conf import settings
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_every_operation_may_answer_with_a_problem(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"]["default"]["content"]
            assert list(content) == ["application/problem+json"], (method, path)


def test_every_field_of_an_answer_is_required(schema):
    account = schema["components"]["schemas"]["Account"]
    assert set(account["required"]) == set(account["properties"])
    assert {"bot", "pnl", "role", "health_reason"} <= set(account["required"])


def test_enumerations_are_lower_case_words(schema):
    words = [w for s in schema["components"]["schemas"].values() for w in s.get("enum", []) if isinstance(w, str)]
    assert words
    assert all(word == word.lower() for word in words)


def test_secrets_are_only_ever_sent_in(schema):
    schemas = schema["components"]["schemas"]
    assert {"app_key", "app_secret", "account_no", "hts_id"} == set(schemas["CredentialInRequest"]["properties"])
    assert not {"app_secret", "account_no", "hts_id"} & set(schemas["Credential"]["properties"])


def test_it_is_made_without_a_warning(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "openapi.yaml"))


def test_the_dashboards_copy_is_the_apis(tmp_path):
    """When not: `./run spectacular --format openapi-json --file frontend/openapi.json`, then `npm run types` there."""
    call_command("spectacular", "--format", "openapi-json", "--file", str(tmp_path / "openapi.json"))
    copy = (settings.BASE_DIR / "frontend" / "openapi.json").read_text()
    assert json.loads((tmp_path / "openapi.json").read_text()) == json.loads(copy)
