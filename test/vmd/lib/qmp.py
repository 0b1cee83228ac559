"""A client of QEMU's machine protocol on a socket that is there from the beginning (docs/interop/qmp-spec)."""

import json


class Qmp:
    def __init__(self, loop, connection, on_event):
        self._loop = loop
        self._connection = connection
        self._on_event = on_event
        self._rest = b''
        self._ready = False
        self._waiting = []
        self._asked = {}
        self._last = 0
        connection.setblocking(False)
        loop.watch(connection.fileno(), self.read)

    def execute(self, command, arguments=None, then=None):
        """Asks as soon as QEMU can be asked; `then` gets what it answers, or None when it refuses or goes."""
        if not self._ready:
            self._waiting.append((command, arguments, then))
            return
        self._last += 1
        self._asked[self._last] = then
        question = {'execute': command, 'id': self._last, **({'arguments': arguments} if arguments else {})}
        try:
            self._connection.send(json.dumps(question).encode() + b'\n')
        except OSError:
            self._asked.pop(self._last)
            if then:
                then(None)

    def read(self, _=None):
        """Takes what has come; False when there is no more to come."""
        while True:
            try:
                data = self._connection.recv(65536)
            except BlockingIOError:
                return True
            except OSError:
                data = b''
            if not data:
                self._loop.forget(self._connection.fileno())
                return False
            lines = (self._rest + data).split(b'\n')
            self._rest = lines.pop()
            for line in lines:
                if line.strip():
                    self._take(json.loads(line))

    def _take(self, message):
        if 'QMP' in message:
            self._ready = True
            waiting, self._waiting = self._waiting, []
            for question in [('qmp_capabilities', None, None), *waiting]:
                self.execute(*question)
        elif 'event' in message:
            self._on_event(message['event'], message.get('data', {}))
        else:
            then = self._asked.pop(message.get('id'), None)
            if then:
                then(message.get('return'))

    def close(self):
        self._loop.forget(self._connection.fileno())
        self._connection.close()
        unanswered = [*self._asked.values(), *(then for _, _, then in self._waiting)]
        self._asked, self._waiting = {}, []
        for then in unanswered:
            if then:
                then(None)
