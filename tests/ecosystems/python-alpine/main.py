import signal
import sys

from bottle import route, run


@route("/")
def index():
    return "ok"


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
run(host="0.0.0.0", port=8080)
