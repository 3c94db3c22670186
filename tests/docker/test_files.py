"""What the files for compose agree on; no engine is needed."""

from __future__ import annotations

import re
import tomllib

from lab.state import ROOT
from tests.docker.shop import IMAGES


def _variables(name: str) -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / name).read_text("utf-8"), re.MULTILINE))


def _images() -> set[str]:
    return set(re.findall(r"^ +image: (\S+)", (ROOT / "docker-compose.yml").read_text("utf-8"), re.MULTILINE))


def test_zipkin_env_repeats_every_variable_of_env() -> None:
    """COMPOSE_ENV_FILES replaces .env: a variable that only .env has would be empty with Zipkin."""
    assert _variables(".env") == _variables("deploy/zipkin.env")
    assert {"COMPOSE_PROFILES", "OTEL_TRACES_EXPORTER", "TRACELAB_BACKEND"} <= _variables(".env")


def test_the_image_has_the_projects_version() -> None:
    """An image of an older version is never taken for this one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"{project['name']}:{project['version']}" in _images()


def test_every_image_is_pinned_by_tag() -> None:
    """What starts today starts next year: each image names a tag, and none of them moves."""
    base = set(re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text("utf-8"), re.MULTILINE))
    assert base | {image for image in _images() if not image.startswith("tracelab:")} == set(IMAGES)
    assert not [image for image in base | _images() if ":" not in image or image.endswith(":latest")]
