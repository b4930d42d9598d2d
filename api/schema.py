"""What every operation of the OpenAPI schema has in common."""

from typing import Any

from api.problems import CONTENT_TYPE

METHODS = frozenset({"get", "post", "put", "patch", "delete"})

TEXT = {
    "type": "object",
    "required": ["ko", "en"],
    "properties": {"ko": {"type": "string"}, "en": {"type": "string"}},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "message": {"$ref": "#/components/schemas/Text"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"$ref": "#/components/schemas/Text"}},
        },
    },
}


def problems_everywhere(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Every operation may answer with a problem: its `default` response says so (drf-spectacular hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.setdefault("Text", TEXT)
    schemas.setdefault("Problem", PROBLEM)
    default = {
        "description": "A problem, in both languages",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if method in METHODS:
                operation["responses"].setdefault("default", default)
    return result
