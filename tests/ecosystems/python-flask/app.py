import os

from flask import Flask, jsonify

app = Flask(__name__)
UPLOADS = os.path.join(os.path.dirname(__file__), "uploads")
os.makedirs(UPLOADS, exist_ok=True)


@app.get("/healthz")
def healthz():
    return jsonify(status="ok")


@app.post("/upload/<name>")
def upload(name):
    with open(os.path.join(UPLOADS, os.path.basename(name)), "w") as file:
        file.write("x")
    return "", 201
