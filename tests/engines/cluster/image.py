#!/usr/bin/env python3
"""Writes an image as `ctr images import` takes it.

image.py NAME FOLDER [--entrypoint WORD]... [--command WORD]... [--env NAME=VALUE]... [--user USER] > image.tar
"""
import argparse
import hashlib
import io
import json
import sys
import tarfile

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("folder")
for option in ("entrypoint", "command", "env"):
    parser.add_argument(f"--{option}", action="append", default=[])
parser.add_argument("--user", default="")
args = parser.parse_args()

layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    tar.add(args.folder, arcname=".")
layer = layer.getvalue()
digest = hashlib.sha256(layer).hexdigest()
config = json.dumps({
    "architecture": "amd64",
    "os": "linux",
    "config": {"Entrypoint": args.entrypoint or None, "Cmd": args.command or None, "Env": args.env, "User": args.user},
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
}).encode()
manifest = [{"Config": "config.json", "RepoTags": [args.name], "Layers": [f"{digest}/layer.tar"]}]

with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
    for name, data in (("config.json", config), (f"{digest}/layer.tar", layer), ("manifest.json", json.dumps(manifest).encode())):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
