from fastapi import FastAPI, HTTPException
from pydantic_settings import BaseSettings

import asyncpg
import redis.asyncio as redis


class Settings(BaseSettings):
    database_url: str
    redis_host: str = "sutazai-redis"
    redis_port: int = 6379
    jwt_secret_key: str


settings = Settings()
app = FastAPI()
cache = redis.Redis(host=settings.redis_host, port=settings.redis_port)
sessions: dict[str, list[str]] = {}


@app.get("/health")
async def health():
    try:
        connection = await asyncpg.connect(settings.database_url)
        await connection.close()
        await cache.ping()
    except OSError as error:
        raise HTTPException(status_code=503) from error
    return {"status": "healthy"}


@app.post("/api/v1/chat/{session}")
async def chat(session: str, text: str):
    sessions.setdefault(session, []).append(text)
    return {"turns": len(sessions[session])}
