import logging
import os

import redis.asyncio as redis
import uvicorn
from fastapi import FastAPI

app = FastAPI(title=os.environ["AGENT_TYPE"])
cache = redis.from_url(os.environ["REDIS_URL"])
log = logging.getLogger(__name__)


@app.get("/health")
async def health():
    return {"agent": os.environ["AGENT_TYPE"]}


@app.post("/tasks")
async def take(task: dict):
    await cache.lpush("tasks:jarvis-automation-agent", str(task))
    log.info("took a task")
    return {"taken": True}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]))
