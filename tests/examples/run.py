#!/usr/bin/env python3
"""Runs the examples of embedding: run.py [--emulator WORDS] HELLO CALLBACKS PLUGIN SERVER FILES."""

import http.client
import shlex
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

CALLBACKS = """1 + 2 + … + 100 = 5050
17 = 3 * 5 + 2
trap: integer divide by zero
  function 2 at 0x68
  function 3 at 0x75
"""
PLUGIN = """work: 500500
hog: 16
spin: took too long
dive: call stack exhausted
stray: out of bounds memory access
work: 500500
"""
FILES = """output: written at second 7
notes.txt: a text that nobody has saved
loud.txt: A TEXT THAT NOBODY HAS SAVED
"""


# What runs the programs, when they are for another processor; how much longer they may take there.
emulator = []
slowness = 1


def check(name, got, wanted):
    if got != wanted:
        print(f"{name}: {got!r} instead of {wanted!r}")
    return got == wanted


def prints(program, wanted):
    done = subprocess.run([*emulator, program], capture_output=True, text=True, timeout=60 * slowness)
    return check(program, (done.returncode, done.stdout, done.stderr), (0, wanted, ""))


def ask(port, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def slow(port):
    """A request that comes in pieces."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        for piece in (b"GE", b"T /pie", b"ces HTTP/1.1\r\nHost: x\r", b"\n\r\n"):
            client.sendall(piece)
        data = b""
        while piece := client.recv(4096):
            data += piece
    return data.split(b"\r\n\r\n")[1].decode()


def serve(program):
    many = 100
    server = subprocess.Popen([program, "0", str(many + 6)], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1].strip("/\n"))
        good = check("path", ask(port, "/abc"), (200, "You asked for /abc.\n"))
        good &= check("endless", ask(port, "/spin")[0], 504)
        good &= check("trap", ask(port, "/trap"), (500, "unreachable\n"))
        good &= check("method", ask(port, "/abc", "PUT")[0], 405)
        good &= check("long", ask(port, "/" + "x" * 3000)[0], 431)
        good &= check("pieces", slow(port), "You asked for /pieces.\n")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: ask(port, f"/{i}"), range(many)))
        good &= check("many", answers, [(200, f"You asked for /{i}.\n") for i in range(many)])
        return check("end", server.wait(timeout=30), 0) and good
    finally:
        server.kill()
        server.wait()


def main():
    global emulator, slowness
    args = sys.argv[1:]
    if args[0] == "--emulator":
        emulator, slowness, args = shlex.split(args[1]), 10, args[2:]
    hello, callbacks, plugin, server, files = args
    results = [prints(hello, "Hello from WebAssembly!\n"), prints(callbacks, CALLBACKS), prints(files, FILES)]
    skipped = ""
    if emulator:
        print("skipped: deadlines of plugin and server, which emulation is too slow for: 2")
        skipped = ", 2 skipped"
    else:
        results += [prints(plugin, PLUGIN), serve(server)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed{skipped}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
