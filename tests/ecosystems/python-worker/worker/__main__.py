"""Takes jobs from a folder, one file each, until it is told to stop."""

import os
import signal
import time
from pathlib import Path

queue = Path(os.environ["QUEUE_DIR"])
running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
(queue / "ready").write_text("ready")
print("ready", flush=True)
while running:
    for job in sorted(queue.glob("*.job")):
        print("done", job.name, flush=True)
        job.unlink()
    time.sleep(0.2)
print("stopped", flush=True)
