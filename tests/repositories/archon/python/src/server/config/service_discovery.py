"""Where the other services are."""

import os


def server_url() -> str:
    if os.path.exists("/.dockerenv"):
        return f"http://archon-server:{os.environ['ARCHON_SERVER_PORT']}"
    return "http://localhost:8181"
