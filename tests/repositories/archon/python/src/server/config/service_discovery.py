"""Where the other services are."""

import os


def server_url() -> str:
    if os.path.exists("/.dockerenv"):
        return f"http://archon-server:{os.environ['ARCHON_SERVER_PORT']}"
    return "http://localhost:8181"


def mcp_url() -> str:
    return f"http://archon-mcp:{os.environ['ARCHON_MCP_PORT']}"


def agents_url() -> str:
    return f"http://archon-agents:{os.environ['ARCHON_AGENTS_PORT']}"
