"""`zakaz up` and `zakaz down`: all on this machine, the Prefect server with its UI, a worker and, where no token is
set, the sandbox.

Supervisor keeps them running; what they write is in data/up. For a server see compose.yaml and ops/systemd.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from cli.stand_in import bare_environment, home_settings, settings_for
from cli.stopping import at_end
from cli.terminal import working
from ops.server.manifest import OURS, ROOT
from ops.server.report_page import PATH as REPORT
from ops.server.serve import PASSWORD, require_password
from tasks.errors import SettingsError, UsageError, ZakazError
from tasks.exposure import make_private
from tasks.settings import HOME, language, load_settings
from tasks.sources.accounts import wanted
from tasks.translation import marked, said
from tasks.window import moscow_today

_FOLDER = HOME / "data" / "up"
_CONFIG = ROOT / "ops" / "supervisord.conf"
_SANDBOX_ENV = _FOLDER / "sandbox.env"
_MADE_UP = _FOLDER / "made-up"
"""Where the sandbox's sales and advertising are kept."""
_PORT = 4200
_SIGN_IN = HOME / "secrets" / "prefect.env"
"""For its owner's terminal: the programs, the server's address and password, the settings of what runs."""
_RUNNING = _FOLDER / "running.json"
"""Of the environment of what runs, what `down` needs: for supervisor's configuration, and to ask the server."""
_TO_ASK = ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "NO_PROXY")
CLIENT = "PREFECT_API_AUTH_STRING"
_SANDBOX_DAYS = 270
"""As `zakaz demo` makes up: a forecast needs shows that are over."""
_START_SECONDS = 120
_END_SECONDS = 60
_BUSY_SECONDS = 60
"""For an answer of a server that has just begun."""
_PATIENCE_SECONDS = 180
"""For one that says it is busy: SQLite has one writer at a time, and what came second is to be asked again."""
_POOL = f"/work_pools/{OURS}"
_PAUSED = _FOLDER / "paused"
"""There while `down` keeps the pool paused: a person's own pause stays."""
_ACTIVE = {"flow_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}}}
_WHERE = marked(
    "Prefect UI: {address} asks once for a password; paste {asked}",
    "Report: {report} with the same password; made at nine, or by `zakaz report`",
    "Reads {apis}. Logs: {folder}",
    "For `prefect` and `zakaz` in this terminal, as what runs: {command}",
)
(_STANDS_STILL,) = marked(
    "Loads are paused (the work pool zakaz in Prefect). To go on: prefect work-pool resume zakaz"
)
_FIRST_RUNS: tuple[tuple[str, dict[str, int], int], ...] = (
    *((f"{source}/weekly", {"days": _SANDBOX_DAYS}, 0) for source in ("qtickets", "vk_ads", "direct")),
    ("quality/nightly", {}, 2),
    ("report/daily", {}, 3),
)
"""Deployment, parameters and in how many minutes: what a person would otherwise wait for until the next night; the
checks and the report once the loads are done."""


def up(port: int | None = None) -> str:
    """Start everything, anew where it runs already; the text that says where to look. Raises ZakazError."""
    port = port or _last_port()
    if not _CONFIG.exists():
        raise UsageError("`zakaz up` works in a checkout of Zakaz.")
    if find_spec("supervisor") is None:
        raise UsageError("`zakaz up` needs supervisor, which is not installed. Use `make up`.")
    if not _is_ours(port):
        _refuse_taken(port)  # Before what runs is stopped.
    _leave_made_up_world()
    stands_in = not _has_tokens()
    down()
    # Runs that end meanwhile need it. Another terminal of the sandbox is refused its settings, rather than go on in
    # a world that is over.
    _SANDBOX_ENV.unlink(missing_ok=True)
    _refuse_taken(port)
    make_private(_FOLDER)
    env = _environment(port, stands_in)
    keep_sign_in(_SIGN_IN, _for_terminal(env, stands_in))
    needed = {name: env[name] for name in env if name.startswith("UP_") or name in _TO_ASK}
    _write_secret(_RUNNING, json.dumps(needed))
    # Of the boot before; by now the number may be another program's.
    (_FOLDER / "supervisord.pid").unlink(missing_ok=True)
    at_end(_stop_at_once)
    with working("Starting the Prefect server") as now:
        _python(env, "supervisor.supervisord", "-c", str(_CONFIG))
        _wait_for("server", lambda: _is_healthy(env))
        if stands_in:
            now("Starting the sandbox")
            _start_sandbox(env)
        now("Deploying")
        _python(env, "cli.main", "deploy")
        try:
            _resume(env)
            stands_still = _insist(env, "GET", _POOL)["is_paused"]
            begin_again(env)
            _control(env, "start", "worker")
            for name, parameters, minutes in _FIRST_RUNS if stands_in else ():
                _begin_run(env, name, parameters, minutes)
        except httpx.HTTPError as error:
            why = f"HTTP {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else repr(error)
            raise ZakazError(f"The Prefect server does not answer ({why}); see server.log in {_FOLDER}.") from None
    return "\n".join([_where(env, stands_in), *([said(_STANDS_STILL, language())] if stands_still else [])])


def down() -> bool:
    """Stop everything; False where nothing ran. Data stay. Runs have a minute to end; one that is cut off begins
    again at the next start. Raises ZakazError."""
    if not _RUNNING.exists():
        return False
    env = os.environ | _kept_environment()
    was_running = _answers(env)
    if not was_running and _is_healthy(env):
        port = env["UP_PORT"]
        raise ZakazError(
            "The Prefect server still runs, but the supervisor that started it is gone. "
            f"Stop it by hand (fuser -k {port}/tcp), then once more."
        )
    if was_running:
        # Whoever stops this command leaves it running, not paused for ever.
        at_end(lambda: _resume(env, seconds=1))
        with working("Waiting for runs to end"):
            _let_runs_end(env)
            with suppress(ZakazError):  # It may have ended itself.
                _control(env, "stop", "worker")
            with suppress(httpx.HTTPError):  # The next start does it.
                _resume(env, seconds=_END_SECONDS)
        _control(env, "shutdown")
        deadline = time.monotonic() + _START_SECONDS
        while _answers(env) and time.monotonic() < deadline:
            time.sleep(0.2)
    Path(env["UP_SOCKET"]).unlink(missing_ok=True)
    _RUNNING.unlink()
    return was_running


def _leave_made_up_world() -> None:
    """In a terminal that took over the sandbox's settings: whether there are tokens by now is the question."""
    if os.environ.get("ZAKAZ_ENV") == str(_SANDBOX_ENV):
        for name in ("ZAKAZ_ENV", "ZAKAZ_IGNORE_SECRETS"):
            os.environ.pop(name, None)


def _has_tokens() -> bool:
    """Whether any account is set up: then it is the real APIs."""
    for account in wanted("all", None, load_settings()):
        with suppress(SettingsError):
            account.check()
            return True
    return False


def _environment(port: int, stands_in: bool) -> dict[str, str]:
    """Of the server, the worker and its runs. Of another Prefect's settings nothing is taken over, or this server
    would work on that one's database."""
    password = _password()
    env = bare_environment() | {"ZAKAZ_ENV": str(_SANDBOX_ENV)} if stands_in else dict(os.environ)
    env = {name: value for name, value in env.items() if not name.startswith("PREFECT_")}
    # Not in data/: the path of a socket may have 107 characters.
    name = hashlib.sha256(str(_FOLDER).encode()).hexdigest()[:12]
    return env | {
        "ZAKAZ_HOME": str(HOME),
        # The worker's runs take turns at the embedded warehouse, and nobody waits for one of them.
        "CLICKHOUSE_LOCK_WAIT": env.get("CLICKHOUSE_LOCK_WAIT", "900"),
        "PREFECT_HOME": str(_FOLDER / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        PASSWORD: password,
        CLIENT: password,
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_UI_URL": f"http://127.0.0.1:{port}",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
        "NO_PROXY": ",".join(filter(None, [env.get("NO_PROXY"), "127.0.0.1", "localhost"])),
        "UP_FOLDER": str(_FOLDER),
        "UP_SOCKET": str(Path(tempfile.gettempdir()) / f"zakaz-{name}.sock"),
        "UP_PYTHON": sys.executable,
        "UP_PORT": str(port),
        "UP_SANDBOX_PORT": str(_free_port()),
        "UP_SINCE": _since(),
    }


def _password() -> str:
    """The user's own, else the one that this installation was given at its first start. Raises SettingsError."""
    password = os.environ.get(PASSWORD)
    if password is None:
        password = kept_sign_in(_SIGN_IN).get(PASSWORD) or f"{OURS}:{secrets.token_urlsafe(24)}"
    require_password(password)
    return password


def _for_terminal(env: dict[str, str], stands_in: bool) -> dict[str, str]:
    names = ["PREFECT_API_URL", CLIENT, PASSWORD, "NO_PROXY", "ZAKAZ_HOME", "DO_NOT_TRACK"]
    # Empty is not set: a terminal that was for the sandbox before is for the real APIs now.
    settings = {name: env[name] if stands_in else "" for name in ("ZAKAZ_ENV", "ZAKAZ_IGNORE_SECRETS")}
    return {name: env[name] for name in names} | settings


def keep_sign_in(file: Path, values: Mapping[str, str]) -> None:
    """For a shell to source, so a value may hold any character."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
    _write_secret(file, f'{"".join(lines)}export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n')


def kept_sign_in(file: Path) -> dict[str, str]:
    """What an earlier start wrote; nothing where it is the first. Raises SettingsError."""
    text = file.read_text() if file.exists() else ""
    try:
        return dict(word.split("=", 1) for word in shlex.split(text) if "=" in word)
    except ValueError:
        raise SettingsError(f"{file} cannot be read: a quote has no end. Mend it, or delete it.") from None


def _last_port() -> int:
    """Of the start before: bookmarks and the links of messages lead there."""
    address = urlsplit(kept_sign_in(_SIGN_IN).get("PREFECT_API_URL", ""))
    return address.port or _PORT


def _write_secret(file: Path, text: str) -> None:
    """Into a file that was never readable by others, and that is there whole or not at all."""
    make_private(file.parent)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    new.replace(file)


def _since() -> str:
    """The first day of the sandbox's world, the same after a restart: what was sold once must not be gone."""
    file = _FOLDER / "since"
    if not file.exists():
        _write_secret(file, str(moscow_today() - timedelta(days=_SANDBOX_DAYS)))
    return file.read_text()


def _start_sandbox(env: dict[str, str]) -> None:
    """And write down how to reach it: the worker and its runs read that file."""
    log, tokens = _FOLDER / "sandbox.log", _FOLDER / "vk_token.json"
    log.unlink(missing_ok=True)
    tokens.unlink(missing_ok=True)
    _control(env, "start", "sandbox")
    _wait_for("sandbox", lambda: log.exists() and log.read_text().startswith("{") and "\n" in log.read_text())
    served = json.loads(log.read_text().splitlines()[0])
    settings = settings_for(served, tokens) | home_settings(_MADE_UP)
    lines = [f"{name}={value}" for name, value in settings.items()]
    _write_secret(_SANDBOX_ENV, "\n".join(lines) + "\n")


def _control(env: dict[str, str], *command: str) -> None:
    _python(env, "supervisor.supervisorctl", "-c", str(_CONFIG), *command)


def _python(env: dict[str, str], *module: str) -> None:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", *module],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=HOME,
    )
    at_end(process.kill)
    said, _ = process.communicate()
    if process.returncode:
        raise ZakazError(f"`{' '.join(module)}` failed:\n{said.strip()}")


def _stop_at_once() -> None:
    """What a command that was stopped had begun to start: nobody waits for it any more."""
    with suppress(OSError, ValueError):
        os.kill(int((_FOLDER / "supervisord.pid").read_text()), signal.SIGTERM)


def _wait_for(program: str, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_there():
        if time.monotonic() > deadline:
            raise ZakazError(
                f"The {program} did not start within {_START_SECONDS} s; see {program}.log and supervisord.log in "
                f"{_FOLDER}."
            )
        time.sleep(0.3)


def _answers(env: dict[str, str]) -> bool:
    """Whether a supervisor listens on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(env["UP_SOCKET"]) == 0


def _is_healthy(env: dict[str, str]) -> bool:
    try:
        return _api(env, "GET", "/health").is_success
    except httpx.HTTPError:
        return False


def _begin_run(env: dict[str, str], deployment: str, parameters: dict[str, int], minutes: int) -> None:
    due = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    known = _insist(env, "GET", f"/deployments/name/{deployment}")
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
    # The key: asked again, it is the same run.
    run = {"parameters": parameters, "state": state, "idempotency_key": f"{deployment} {due}"}
    _insist(env, "POST", f"/deployments/{known['id']}/create_flow_run", run)


def begin_again(env: dict[str, str]) -> None:
    """Before the worker starts: runs that it was stopped in are due again. Each would hold up its queue until the
    server finds that nobody works at it, in five minutes."""
    again = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "The worker was stopped: it begins again."}
    wanted, change = _ACTIVE | {"work_pools": {"name": {"any_": [OURS]}}}, {"state": again, "force": True}
    for run in _insist(env, "POST", "/flow_runs/filter", wanted):
        _insist(env, "POST", f"/flow_runs/{run['id']}/set_state", change)


def _let_runs_end(env: dict[str, str]) -> None:
    """None begins any more; those that run have a minute, also where the server has much to do."""
    deadline = time.monotonic() + _END_SECONDS
    with suppress(httpx.HTTPError):
        if not _insist(env, "GET", _POOL, seconds=_END_SECONDS)["is_paused"]:
            _PAUSED.touch()
            _insist(env, "PATCH", _POOL, {"is_paused": True}, _END_SECONDS)
    while time.monotonic() < deadline:
        try:
            if not _api(env, "POST", "/flow_runs/count", _ACTIVE).raise_for_status().json():
                return
        except httpx.HTTPError as error:
            if not _is_busy(error):
                return  # a server that is gone has nothing to say of its runs
        time.sleep(0.5)


def _resume(env: dict[str, str], seconds: float = _PATIENCE_SECONDS) -> None:
    """What `down` paused. Raises httpx.HTTPError."""
    if _PAUSED.exists():
        _insist(env, "PATCH", _POOL, {"is_paused": False}, seconds)
        _PAUSED.unlink()


def _insist(
    env: dict[str, str], method: str, path: str, body: object = None, seconds: float = _PATIENCE_SECONDS
) -> Any:
    """What a server answers that has much to do. Only for what may be asked twice. Raises httpx.HTTPError."""
    tries = Retrying(
        retry=retry_if_exception(_is_busy),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(min(1, seconds / 5)),
        reraise=True,
    )
    reply = tries(lambda: _api(env, method, path, body, min(seconds, _BUSY_SECONDS)).raise_for_status())
    return reply.json() if reply.content else None


def _is_busy(error: BaseException) -> bool:
    """Not one that is gone."""
    is_late = isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ConnectError)
    return is_late or (isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error)


def _api(env: dict[str, str], method: str, path: str, body: object = None, seconds: float = 10) -> httpx.Response:
    name, _, password = env[CLIENT].partition(":")
    address = f"{env['PREFECT_API_URL']}{path}"
    # Plain HTTP to this machine: no proxy, and no certificates, whose reading would cost more than the request.
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(auth=(name, password), timeout=seconds, trust_env=False, verify=nobody) as client:
        return client.request(method, address, json=body)


def _is_ours(port: int) -> bool:
    """Whether the server of the start before listens there, if it still does."""
    return _RUNNING.exists() and _kept_environment().get("UP_PORT") == str(port)


def _kept_environment() -> dict[str, str]:
    """Of what runs. Raises SettingsError."""
    try:
        return dict(json.loads(_RUNNING.read_text()))
    except ValueError:
        raise SettingsError(f"{_RUNNING} cannot be read. End what runs by hand, and delete it.") from None


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise UsageError(
                f"Port {port} is taken. Choose another: zakaz up --port {port + 1}, make up PORT={port + 1}."
            )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _where(env: dict[str, str], stands_in: bool) -> str:
    spoken, address = language(), env["PREFECT_UI_URL"]
    if stands_in:
        apis = said("a sandbox of the APIs; put tokens into secrets/ for the real ones", spoken)
    else:
        apis = said("the real APIs", spoken)
    # The password itself for a person's eyes alone: what is not a terminal may be a log.
    kept = said("what {file} has as {name}", spoken, file=_SIGN_IN, name=CLIENT)
    values = {"address": address, "asked": env[CLIENT] if sys.stdout.isatty() else kept}
    values |= {"report": f"{address}{REPORT}", "apis": apis, "folder": str(_FOLDER)}
    values |= {"command": f". {shlex.quote(str(_SIGN_IN))}"}
    return "\n".join(said(line, spoken, **values) for line in _WHERE)
