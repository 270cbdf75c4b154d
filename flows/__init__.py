"""What Prefect runs: one flow a file, thin, with its parameters and hooks. The work is in `tasks`.

Prefect reads its settings when it is imported, so what it must know from the start is set here, where it is not
set already. So is what every log line is made with.
"""

import logging
import os

from tasks.logs import LogRecord

logging.setLogRecordFactory(LogRecord)

os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "zakaz")
# Our log lines outside a run, as on the command line, belong to no run: that is no fault to warn of.
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
os.environ.setdefault("DO_NOT_TRACK", "1")
