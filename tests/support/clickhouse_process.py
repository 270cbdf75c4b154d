"""The process that is the tests' ClickHouse server: `python clickhouse_process.py PARENT_PID LIBRARY ARGUMENT...`. Its own,
because the engine stops only when its process ends; it imports nothing of the project."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    _, parent, library, *arguments = sys.argv
    # The kernel kills this process when the tests are killed, who then cannot stop it themselves.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # It died before the line above.
        sys.exit(1)
    command = [b"clickhouse", *map(os.fsencode, arguments)]
    query = ctypes.CDLL(library).chdb_query_cmdline
    query.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
    query.restype = ctypes.c_void_p
    # Comes back only when the engine gave up, having printed why.
    query(len(command), (ctypes.c_char_p * len(command))(*command))
