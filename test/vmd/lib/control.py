"""The control socket: who is at the other end decides what may be asked (usr.sbin/vmd/control.c)."""

import os
import socket
import struct

from lib import wire


class Control:
    def __init__(self, loop, path, owner, answer):
        """`answer(request, uid, descriptor, reply)` for each request."""
        self._loop = loop
        self._answer = answer
        self._path = path
        if os.path.exists(path):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        before = os.umask(0o117)
        self._listener.bind(path)
        os.umask(before)
        self.chown(owner)
        self._listener.listen(128)
        loop.watch(self._listener.fileno(), self._accept)

    def chown(self, owner):
        os.chown(self._path, *owner)

    def _accept(self, _):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        size = struct.calcsize('3i')
        _, uid, _ = struct.unpack('3i', connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        buffer, passed = bytearray(), []

        def close():
            self._loop.forget(connection.fileno())
            connection.close()
            while passed:
                os.close(passed.pop())

        def reply(message):
            if connection.fileno() < 0:
                return
            try:
                wire.send(connection, message)
            except OSError:
                close()

        def read(_):
            try:
                count, descriptors = wire.receive_some(connection, buffer)
            except BlockingIOError:
                return
            except OSError:
                count, descriptors = 0, []
            passed.extend(descriptors)
            if count == 0:
                close()
                return
            while connection.fileno() >= 0:
                request = wire.unpack(buffer)
                if request is None:
                    return
                self._answer(request, uid, passed.pop(0) if passed else -1, reply)

        self._loop.watch(connection.fileno(), read)
