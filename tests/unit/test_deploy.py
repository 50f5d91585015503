"""What stands in `deploy/` is real: settings, commands, paths and names exist, and files that name each other agree."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tidings import config
from tidings.api.table import ENDPOINTS
from tidings.cli import commands

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(file for file in DEPLOY.rglob("*") if file.is_file() and "secrets" not in file.parts)
NAMES = [str(file.relative_to(DEPLOY)) for file in FILES]
SETTINGS = set(config.names())
VARIABLES = {"TIDINGS_" + name.upper().replace(".", "_") for name in SETTINGS if not name.startswith("carriers.")}
VARIABLES |= {"TIDINGS_KEY", "TIDINGS_URL", "TIDINGS_CONFIG"}
OTHER_WORDS = {
    "one",
    "two",
    "tidings",
    "postgres",
    "pg_rewind",
    "wal_keep_size",
    "database",
    "images",
    "tidings.toml",
    "three",
    "list",
    "ttl",
    "synchronous_standby_names",
}
"""Words in backquotes that are neither a setting nor a command."""


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_one_that_is_read(name: str) -> None:
    named = set(re.findall(r"\bTIDINGS_[A-Z_]*[A-Z]\b", text(name)))
    assert {one for one in named if not re.fullmatch(r"TIDINGS_CARRIER_\w+_PASSWORD", one)} - VARIABLES == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_that_is_spoken_of_exists(name: str) -> None:
    spoken = {one for one in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", text(name)) if not one.startswith("kubectl")}
    of_carriers = {one.removeprefix("carriers.NAME.").removeprefix("carriers.") for one in SETTINGS}
    assert spoken - SETTINGS - of_carriers - OTHER_WORDS == set()


def options(words: list[str]) -> set[str]:
    """All options of a command, by its words. Fails where there is no such command."""
    command: click.Command = commands
    for word in words:
        assert isinstance(command, click.Group), words
        found = command.get_command(click.Context(command), word)
        assert found is not None, f"there is no command {word}"
        command = found
    return {opt for one in command.get_params(click.Context(command)) for opt in one.opts}


COMMAND = re.compile(r"(?:^|[\s\"'/`])tidings ((?:up|send|doctor|migrate|backup|restore|keys)\b[^`'\"\n]*)", re.M)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_its_options_exist(name: str) -> None:
    for line in COMMAND.findall(text(name)):
        known = options([line.split()[0]])
        assert set(re.findall(r"(?<=\s)--[a-z][a-z-]+", line)) - known == set(), line


# systemd

UNITS = [name for name in NAMES if name.endswith(".service")]


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here (apt-get install systemd)")
    # The program is elsewhere on this machine.
    (tmp_path / Path(name).name).write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text(name)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / Path(name).name],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_gives_a_stop_the_time_it_takes(name: str) -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text(name), flags=re.M)
    assert int(seconds) > config.Settings().shutdown_grace
    (data,) = re.findall(r"TIDINGS_DATA=(\S+)", text(name))
    assert f"ReadWritePaths={data}\n" in text(name)


# the image

IMAGE = re.sub(r"\\\n", " ", text("Dockerfile"))
STEPS = [line.split(maxsplit=1) for line in IMAGE.splitlines() if re.match(r"[A-Z]", line)]
PATHS = {(one.method, one.path) for one in ENDPOINTS}


def test_what_the_image_copies_is_there_and_let_through() -> None:
    let = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for step, rest in STEPS
        if step == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert let <= copied
    assert {one for one in copied if not any(one == way or one.startswith(f"{way}/") for way in let)} == set()
    assert all((ROOT / one).exists() for one in copied)


def test_the_image_is_built_from_the_lock_and_runs_without_rights() -> None:
    installs = [
        one for step, rest in STEPS if step == "RUN" for one in rest.split("&&") if " install " in one and "pip" in one
    ]
    assert installs
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs), installs
    bases = [rest.split()[0] for step, rest in STEPS if step == "FROM"]
    builder, *pythons = bases
    assert re.fullmatch(r"node:\d+-slim", builder), "the console's, of which only what it built is kept"
    assert len(set(pythons)) == 1
    assert re.fullmatch(r"python:3\.(1[1-9])-slim", pythons[0])
    fetched = [one.strip() for step, rest in STEPS if step == "RUN" for one in rest.split("&&") if "npm" in one]
    assert [one.split()[1] for one in fetched] == ["ci", "run"], "by the lock"
    last = max(at for at, (step, _) in enumerate(STEPS) if step == "FROM")
    (user,) = [rest for step, rest in STEPS[last:] if step == "USER"]
    assert int(user.split(":")[0]) > 0
    assert dict(STEPS)["ENTRYPOINT"] == '["tidings"]'
    assert "http://" not in re.sub(r"http://127\.0\.0\.1:8775/\w+", "", IMAGE)


def test_the_image_is_healthy_while_tidings_lives() -> None:
    ((port, path),) = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", dict(STEPS)["HEALTHCHECK"])
    assert int(port) == config.Settings().port == int(dict(STEPS)["EXPOSE"])
    assert ("GET", path) in PATHS


# compose

COMPOSE: dict[str, Any] = yaml.safe_load(text("compose.yaml"))


def test_the_compose_file_names_only_what_it_has() -> None:
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert {one.split(":")[0] for one in service["volumes"]} <= set(COMPOSE["volumes"])
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    assert "healthcheck" in services["database"]
    build = services["tidings"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert all(one.startswith("127.0.0.1:") for one in services["tidings"]["ports"])


def test_secrets_of_the_compose_file_are_kept_out_of_git() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for one in COMPOSE["secrets"].values():
        assert f"/deploy/{Path(one['file']).parent}/" in ignored


def test_the_address_in_the_compose_file_is_that_of_its_database() -> None:
    services = COMPOSE["services"]
    database = services["database"]["environment"]
    expected = f"postgresql://{database['POSTGRES_USER']}@database/{database['POSTGRES_DB']}"
    assert services["tidings"]["environment"]["TIDINGS_DATABASE"] == expected


# Kubernetes


def manifests(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text(f"kubernetes/{name}")))


KUSTOMIZATION = manifests("kustomization.yaml")[0]
ROLES = ("api", "engine", "worker")


def test_every_manifest_is_applied_but_the_example() -> None:
    files = {file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")}
    assert set(KUSTOMIZATION["resources"]) == files - {"kustomization.yaml", "secret.example.yaml"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_selected_probed_and_has_what_it_mounts(role: str) -> None:
    one = {found["kind"]: found for found in manifests(f"{role}.yaml")}
    assert set(one) == {"StatefulSet", "Service", "PodDisruptionBudget"}
    spec = one["StatefulSet"]["spec"]
    pod = spec["template"]
    labels = pod["metadata"]["labels"]
    selectors = [
        spec["selector"]["matchLabels"], one["Service"]["spec"]["selector"],
        one["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ]  # fmt: skip
    assert all(selector == labels for selector in selectors)
    assert spec["serviceName"] == one["Service"]["metadata"]["name"]
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["up", "--role", role]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": config.Settings().port}
    assert one["Service"]["spec"]["ports"][0]["targetPort"] in ports
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
        assert ("GET", path) in PATHS
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert pod["spec"]["terminationGracePeriodSeconds"] > config.Settings().shutdown_grace
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert str(pod["spec"]["securityContext"]["runAsUser"]) in dict(STEPS)["USER"]


def test_the_roles_differ_in_nothing_but_their_names() -> None:
    api, engine, worker = (yaml.safe_load(text(f"kubernetes/{role}.yaml").split("---")[0]) for role in ROLES)
    for role, other in (("engine", engine), ("worker", worker)):
        assert yaml.safe_load(yaml.safe_dump(other).replace(role, "api")) == api


def test_settings_and_secret_of_the_manifests_make_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = manifests("secret.example.yaml")[0]["stringData"]
    variables = {name: value for name, value in secret.items() if name.startswith("TIDINGS_")}
    settings = config.load({"role": "engine"}, variables, DEPLOY / "kubernetes/tidings.toml")
    assert [carrier.password for carrier in settings.carriers] == ["change-me"]
    assert KUSTOMIZATION["configMapGenerator"][0]["files"] == ["tidings.toml"]


# proxies

ROUTES = {path for _, path in PATHS}


def test_nginx_hands_streams_on_at_once_and_says_who_calls() -> None:
    conf = text("nginx.conf")
    assert conf.count("{") == conf.count("}")
    (stream,) = re.findall(r"location = (/v1/stream) \{(.*?)\}", conf, flags=re.S)
    assert "proxy_buffering off;" in stream[1]
    assert int(re.findall(r"proxy_read_timeout (\d+)s", stream[1])[0]) > config.StreamSettings().heartbeat
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in conf
    (most,) = re.findall(r"client_max_body_size (\d+)m;", conf)
    assert int(most) * 2**20 > config.Limits().body_bytes
    assert set(re.findall(r"location = (\S+)", conf)) <= ROUTES


def test_caddy_hands_streams_on_at_once_and_says_who_calls() -> None:
    conf = text("Caddyfile")
    assert conf.count("{") == conf.count("}")
    assert "flush_interval -1" in conf
    assert "header_up X-Forwarded-For {remote_host}" in conf
    assert set(re.findall(r"(?:health_uri|@inside path) (.*)", conf)) == {"/readyz", "/metrics /readyz"}
