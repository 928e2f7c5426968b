# SPDX-License-Identifier: Apache-2.0
"""A file system of a few megabytes, in a mount namespace of its own, for disks that are full or read-only."""

import errno
import os
import pathlib
import signal
import subprocess

_READY = "mounted"


class SmallDisk:
    """Mounted at `directory` for the programs that `prefix` starts; `path` is the same place as seen from here."""

    def __init__(self, directory, size, read_only=False):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        access = "ro" if read_only else "rw"
        mount = f'mount -t tmpfs -o size={size},{access} none "$1" && echo {_READY} && exec sleep 1000'
        self._holder = subprocess.Popen(
            ["unshare", "-rm", "sh", "-c", mount, "sh", str(self.directory)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if self._holder.stdout.readline().strip() != _READY:
            self._holder.wait()
            raise PermissionError(self._holder.stderr.read())
        self.path = pathlib.Path(f"/proc/{self._holder.pid}/root") / self.directory.relative_to("/")
        self.prefix = ["nsenter", "-t", str(self._holder.pid), "-U", "-m", "--preserve-credentials", f"--wd={directory}"]

    def fill(self):
        """Leaves no room. A broker that frees some meanwhile does not keep it."""
        with open(self.path / "filler", "ab", buffering=0) as filler:
            for block in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(b"x" * block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def relieve(self):
        os.remove(self.path / "filler")

    def remove(self):
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()
        self._holder.stdout.close()
        self._holder.stderr.close()
