"""The agents, which reach everything else through the tools."""

import os

from fastapi import FastAPI

SERVER = f"http://archon-server:{os.environ['ARCHON_SERVER_PORT']}"

app = FastAPI()


@app.get("/health")
async def health():
    return {"status": "healthy", "server": SERVER}


def tools() -> str:
    return f"http://archon-mcp:{os.environ['ARCHON_MCP_PORT']}"
