"""vmctl's conversation with vmd: one connection, made when the first question is asked."""

import errno
import os
import sys
from _socket import AF_UNIX, SOCK_STREAM, socket

from lib import place, wire
from lib.texts import STOP_INVALID, err, errx, strerror, warnx

# What people are told, wherever the socket of this instance is.
_TOLD = '/var/run/vmd.sock'


class Talk:
    def __init__(self, path, has):
        self.path = path
        self.has = has
        self.connection = None
        self.buffer = bytearray()

    def connect(self):
        if self.connection is not None:
            return
        self.connection = socket(AF_UNIX, SOCK_STREAM)
        try:
            self.connection.connect(self.path)
        except OSError as error:
            err(error.errno, 'connect: ' + _TOLD)

    def ask(self, request, descriptor=-1):
        """Sends a request and gives the answer. What vmd refuses as a whole ends the program."""
        self.connect()
        try:
            wire.send(self.connection, request, descriptor)
        except OSError:
            # vmd closes a connection that it denies, with its answer before.
            pass
        return self.hear()

    def hear(self):
        while True:
            message = wire.unpack(self.buffer)
            if message is not None:
                break
            try:
                count, _ = wire.receive_some(self.connection, self.buffer)
            except OSError as error:
                err(error.errno, 'read error')
            if count == 0:
                sys.stderr.flush()
                errx('pipe closed')
        if 'fail' in message:
            if message['fail']:
                err(message['fail'], 'command failed')
            errx('command failed')
        return message

    def stop(self, machine, force, wait):
        id, name = machine
        self.connect()
        sys.stderr.write('stopping vm %s: ' % name if name else 'stopping vm: ')
        sys.stderr.flush()
        return self.ended(self.ask({'do': 'stop', 'id': id, 'name': name, 'force': force, 'wait': wait}), wait)

    def wait(self, machine):
        id, name = machine
        self.connect()
        sys.stderr.write('waiting for vm %s: ' % name if name else 'waiting for vm: ')
        sys.stderr.flush()
        return self.ended(self.ask({'do': 'wait', 'id': id, 'name': name}), True)

    def ended(self, answer, wait):
        code = answer['result']
        if code == 0:
            said = 'terminated' if wait else 'forced to terminate' if answer['forced'] else 'requested to shutdown'
            sys.stderr.write('%s vm %d\n' % (said, answer['id']))
            return 0
        texts = {
            STOP_INVALID: 'cannot stop vm that is not running',
            errno.ENOENT: 'vm not found',
            errno.EINTR: 'interrupted call',
        }
        sys.stderr.write('%s\n' % (texts.get(code) or 'failed: ' + strerror(code)))
        return 1

    def pause(self, what, machine):
        id, name = machine
        answer = self.ask({'do': what, 'id': id, 'name': name})
        if answer['result']:
            warnx('%s vm command failed: %s' % (what, strerror(answer['result'])))
            return 1
        warnx('%sd vm %d successfully' % (what, answer['id']))
        return 0

    def console(self, machine):
        id, name = machine
        for row in self.ask({'do': 'list'})['machines']:
            if row['tty'] and ((id and id == row['id']) or (name and name == row['name'])):
                self.open_console(row['tty'])
        errx('console not found')

    def open_console(self, tty):
        sys.stdout.flush()
        restricted = ['-r'] if self.has['cu_restricted'] else []
        # The real one is /usr/bin/cu; this one lies beside vmctl.
        program = os.path.join(place.folder(), 'cu')
        try:
            os.execv(program, [program, *restricted, '-l', tty, '-s', '115200'])
        except OSError as error:
            err(error.errno, 'failed to open the console')
