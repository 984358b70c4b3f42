import faiss
import numpy
import uvicorn
from fastapi import FastAPI

app = FastAPI()
index = faiss.IndexFlatL2(384)


@app.get("/health")
async def health():
    return {"vectors": index.ntotal}


@app.post("/vectors")
async def add(vectors: list[list[float]]):
    index.add(numpy.array(vectors, dtype=numpy.float32))
    faiss.write_index(index, "/data/index")
    return {"vectors": index.ntotal}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000)
