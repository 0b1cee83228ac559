"""A tap without a guest: a socket through which a test plays it, one frame a message, beside vmd.sock."""

import os
import socket


class Frames:
    def __init__(self, loop, tap, path):
        self._loop, self._tap, self._path, self._player = loop, tap, path, None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(path)
        self._listener.listen(1)
        loop.watch(self._listener.fileno(), self._enter)
        loop.watch(tap.descriptor, self._from_host)

    def _enter(self, _):
        if self._player is None:
            self._player, _ = self._listener.accept()
            self._player.setblocking(False)
            self._loop.watch(self._player.fileno(), self._from_player)

    def _from_player(self, _):
        try:
            frame = self._player.recv(65536)
        except BlockingIOError:
            return
        if frame:
            try:
                os.write(self._tap.descriptor, frame)
            except OSError:
                pass
        else:
            self._leave()

    def _from_host(self, _):
        try:
            frame = os.read(self._tap.descriptor, 65536)
            if self._player is not None:
                self._player.send(frame)
        except OSError:
            pass

    def _leave(self):
        if self._player is not None:
            self._loop.forget(self._player.fileno())
            self._player.close()
            self._player = None

    def close(self):
        self._leave()
        for descriptor in (self._listener.fileno(), self._tap.descriptor):
            self._loop.forget(descriptor)
        self._listener.close()
        os.unlink(self._path)
