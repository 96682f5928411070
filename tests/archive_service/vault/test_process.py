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
