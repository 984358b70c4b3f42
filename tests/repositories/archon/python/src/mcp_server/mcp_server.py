"""The tools that agents call, over HTTP."""

import logging
import os

from mcp.server.fastmcp import FastMCP

logging.basicConfig(handlers=[logging.StreamHandler(), logging.FileHandler("/tmp/mcp_server.log")])

server = FastMCP("archon", host="0.0.0.0", port=int(os.environ["ARCHON_MCP_PORT"]))

if __name__ == "__main__":
    server.run(transport="streamable-http")
