"""Starts a program for every connection, as systemd does for a socket with Accept=yes.

    serve.py PORT-FILE PROGRAM ARGUMENT...

The kernel chooses the port; its number is written to PORT-FILE.
"""
import os
import socket
import subprocess
import sys

port_file, *command = sys.argv[1:]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
with open(port_file + ".new", "w") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)
while True:
    connection, _ = listener.accept()
    subprocess.run(command, stdin=connection, stdout=connection, check=False)
    connection.close()
