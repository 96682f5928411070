"""Kill the vault at every call to the system in turn (strace), and look that nothing acknowledged is lost.

Use: python scripts/trust/vault_kills.py [put|destroy|rotate|replicate ...]      (all of them without a name)

Needs strace, and the right to trace one's own children. For each scenario and each kind of call that changes
something, the process is killed before its first, second, ... such call, until a run ends by itself. After
each kill the vault is opened again, must be whole or recover by repeating the step, and the step is repeated.
Prints one line of JSON for each scenario; exit code 1 if anything was lost. ``archive_kills.py`` kills a whole archive, a
sample of calls, and ends with doctor. Kills show the death of the
process, not of the power: what the system had not yet written to the disk is still there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.clock import Clock
from archive_service.errors import ArchiveError, BadInput, NotFound
from archive_service.vault import KeyDestroyed, Keyring, LocalStore, Vault, Wanted
from archive_service.vault.objects.copies import examine

CALLS = (
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "link,linkat",
    "rename,renameat",
    "unlink,unlinkat",
    "ftruncate",
    "mkdir,mkdirat",
)
INSTALL, OLD, NEW = "1" * 32, bytes(range(32)), bytes([7]) * 32
RECORD, PART, SECOND = "ab" + "0" * 29 + "1", "c" * 32, "d" * 32
CONTENT = b"first " * 1000 + b"last"
IDS = [f"{number:032x}" for number in range(1, 41)]
CLOCK = Clock(ZoneInfo("UTC"), lambda: datetime(2026, 11, 23, tzinfo=UTC))


def keyring_of(root: Path, key: bytes = OLD) -> Keyring:
    return Keyring(root / "keyring.db", INSTALL, key, CLOCK)


def vault_of(root: Path) -> Vault:
    copy = {"b": LocalStore(root / "b", INSTALL)}
    return Vault(INSTALL, LocalStore(root / "store", INSTALL), keyring_of(root), copies=copy)


def found(root: Path) -> None:
    LocalStore.create_at(root / "store", INSTALL)
    LocalStore.create_at(root / "b", INSTALL)
    Keyring.create_at(root / "keyring.db", INSTALL, OLD, CLOCK).close()


def put(root: Path) -> None:
    vault_of(root).put(RECORD, PART, 1, [CONTENT], replace=True)


def destroy(root: Path) -> None:
    vault = vault_of(root)
    vault.destroy_keys(RECORD, [PART, RECORD])
    vault.delete_objects(RECORD)


def rotate(root: Path) -> None:
    keyring_of(root).rotate(NEW, batch=10)


def wanted(root: Path) -> Wanted:
    sealed = json.loads((root / "wanted.json").read_text())
    return Wanted(sealed["name"], sealed["size"], sealed["sha256"], frozenset({"primary", "b"}))


def replicate(root: Path) -> None:
    vault_of(root).replicate(wanted(root))


def before_nothing(root: Path) -> None:
    del root


def before_record(root: Path) -> None:
    sealed = vault_of(root).put(RECORD, PART, 1, [CONTENT])
    name = next(vault_of(root).stores["primary"].names())
    (root / "wanted.json").write_text(
        json.dumps({"name": name, "size": sealed.sealed_size, "sha256": sealed.sealed_sha256})
    )


def before_keys(root: Path) -> None:
    keys = keyring_of(root).new_keys(dict.fromkeys(IDS, RECORD))
    (root / "keys.json").write_text(json.dumps({key_id: key.hex() for key_id, key in keys.items()}))


def read(root: Path) -> bytes | None:
    try:
        return b"".join(vault_of(root).open(RECORD, PART, 1))
    except KeyDestroyed:
        raise
    except NotFound:
        return None


def after_put(root: Path) -> None:
    assert read(root) in (None, CONTENT)
    put(root)
    assert read(root) == CONTENT
    vault = vault_of(root)
    assert len(vault.keys_of(RECORD)) == 1
    for store in vault.stores.values():
        store.sweep_staging(datetime.now(UTC) + timedelta(days=1))
    assert list((root / "store" / "staging").iterdir()) == []


def after_destroy(root: Path) -> None:
    with suppress(KeyDestroyed):
        assert read(root) == CONTENT, "neither readable nor destroyed"
    destroy(root)
    assert vault_of(root).remains(RECORD, [PART]) == []


def after_rotate(root: Path) -> None:
    keys = {key_id: bytes.fromhex(key) for key_id, key in json.loads((root / "keys.json").read_text()).items()}
    try:
        keyring = keyring_of(root, NEW)
    except BadInput:
        keyring = keyring_of(root, OLD)
        assert keyring.keys(keys) == keys
    keyring.rotate(NEW)
    assert keyring_of(root, NEW).keys(keys) == keys
    assert not keyring.rotating()


def after_replicate(root: Path) -> None:
    assert read(root) == CONTENT
    vault = vault_of(root)
    found_there = examine("b", vault.stores["b"], wanted(root))
    assert found_there is None or found_there.fault == "missing", found_there
    replicate(root)
    assert examine("b", vault.stores["b"], wanted(root)) is None


Step = Callable[[Path], None]
SCENARIOS: dict[str, tuple[Step, Step, Step]] = {
    "put": (before_nothing, put, after_put),
    "destroy": (before_record, destroy, after_destroy),
    "rotate": (before_keys, rotate, after_rotate),
    "replicate": (before_record, replicate, after_replicate),
}


def killed(scenario: str, root: Path, calls: str, at: int) -> bool:
    """Run one step in a process of its own that is killed before its call number ``at``; whether it was."""
    command = [
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:signal=SIGKILL:when={at}"),
        *(sys.executable, "-B", __file__, "--step", scenario, str(root)),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 137, -9):
        raise RuntimeError(done.stderr)
    return done.returncode != 0


def campaign(scenario: str) -> dict[str, object]:
    before, _, after = SCENARIOS[scenario]
    kills, lost = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for calls in CALLS:
            at = 1
            while True:
                root = Path(folder) / f"{calls.split(',')[0]}-{at}"
                root.mkdir()
                found(root)
                before(root)
                if not killed(scenario, root, calls, at):
                    break
                kills += 1
                try:
                    after(root)
                except (ArchiveError, AssertionError) as fault:
                    lost.append(f"{calls} {at}: {fault!r}")
                shutil.rmtree(root)
                at += 1
    return {"scenario": scenario, "kills": kills, "lost": lost}


def main() -> int:
    if sys.argv[1:2] == ["--step"]:
        SCENARIOS[sys.argv[2]][1](Path(sys.argv[3]))
        return 0
    bad = 0
    for scenario in sys.argv[1:] or SCENARIOS:
        result = campaign(scenario)
        bad += len(result["lost"])  # type: ignore[arg-type]
        print(json.dumps(result), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
