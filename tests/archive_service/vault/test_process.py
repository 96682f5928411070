from __future__ import annotations

import subprocess
import sys

CHILD = """
import resource, sys
from archive_service.vault.process import forbid_core_dumps
done = forbid_core_dumps()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(done, resource.getrlimit(resource.RLIMIT_CORE), status.get("CoreDumping", "").strip())
"""


def test_a_process_that_holds_keys_leaves_no_core_file() -> None:
    # In a process of its own: it could not be undone here.
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True (0, 0) 0"


AS_A_USER_STARTS_IT = """
import atexit, ctypes, resource, runpy, sys
sys.argv = ["archive-service", "--help"]
atexit.register(lambda: print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))
runpy.run_module("archive_service", run_name="__main__")
"""


def test_every_command_of_the_program_forbids_its_core_file() -> None:
    """Each of them may open the keyring; 3 asks the system whether the memory may be dumped."""
    done = subprocess.run([sys.executable, "-c", AS_A_USER_STARTS_IT], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "(0, 0) 0"
