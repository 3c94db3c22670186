"""Become the owner of the folder given, then the command given.

A tool writes its reports to a folder of the host. So they belong to whoever owns that folder, on any machine and
without a setting: the container starts as root with no other right than to become somebody else.
"""

import os
import sys
from pathlib import Path

folder, *command = sys.argv[1:]
owner = Path(folder).stat()
os.setgroups([])
os.setgid(owner.st_gid)
os.setuid(owner.st_uid)
os.execvp(command[0], command)  # noqa: S606 - the caller's own command
