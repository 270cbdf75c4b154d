"""What Prefect runs, and the `zakaz` command line.

Prefect reads its settings when it is imported, so what it must know from the start is set here, where it is not
set already. So is what every log line is made with.
"""

import logging
import os

from flows.logs import LogRecord

logging.setLogRecordFactory(LogRecord)

os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "zakaz")
# Our log lines outside a run, as on the command line, belong to no run: that is no fault to warn of.
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
# Seconds. Where PREFECT_API_URL is not set a command starts a server of its own, on a busy machine slowly.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
# With analytics on, a first start of the server ends in "database is locked" now and then.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
