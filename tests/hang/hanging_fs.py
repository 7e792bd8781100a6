#!/usr/bin/python3
"""A FUSE file system on $1 whose statfs hangs while the file $2 exists."""
import os
import sys
import time

import fusepy


class Hanging(fusepy.Operations):
    def __init__(self, gate):
        self.gate = gate

    def statfs(self, path):
        while os.path.exists(self.gate):
            time.sleep(0.02)
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1000, "f_bfree": 500, "f_bavail": 400,
                "f_files": 10, "f_ffree": 5}


fusepy.FUSE(Hanging(sys.argv[2]), sys.argv[1], foreground=True, fsname="hanging")
