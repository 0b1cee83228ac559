"""Holds a network namespace and the vmd in it. Reads orders from standard input, one JSON document a line:

  {"start": []}            starts vmd: {"started": pid} when it listens, or {"failed": text}
  {"stop": "SIGTERM"}      ends vmd by that signal: {"stopped": true} when it has gone
  {"door": 8079}           a port of 127.0.0.1 outside that leads to that port of 127.0.0.1 inside: {"door": port}
  {"exit": 8079}           the same the other way round: {"door": port}

and ends, with everything in the namespace, when standard input does; with the word `remove` the folder goes, too.
usage: host FOLDER [PORT none|port|loopback [remove]]
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

from lib.tty import release_dangling

_NEWNET = 0x40000000
_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

# What pf.conf of a real host says: guests reach their endpoint and nothing else.
_RULES = """
table inet host {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "tap*" ct state established,related accept
    iifname "tap*" meta l4proto icmp accept
    iifname "tap*" ip daddr { 100.64.0.0/10%(loopback)s } tcp dport { 80, %(port)d } accept
    iifname "tap*" counter drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    %(redirect)s
  }
}
"""
_REDIRECTS = {
    'none': '',
    'port': 'iifname "tap*" ip daddr 100.64.0.0/10 tcp dport 80 redirect to :%d',
    'loopback': 'iifname "tap*" ip daddr 100.64.0.0/10 tcp dport 80 dnat ip to 127.0.0.1:%d',
}


def _call(name, *words):
    if getattr(_libc, name)(*words) != 0:
        code = ctypes.get_errno()
        raise OSError(code, '%s: %s' % (name, os.strerror(code)))


def _write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def furnish(port, redirect):
    """A loopback interface, no IPv6 chatter, and the rules."""
    _write('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1')
    _write('/proc/sys/net/ipv4/conf/default/route_localnet', '1' if redirect == 'loopback' else '0')
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    rule = _REDIRECTS[redirect]
    facts = {'port': port, 'redirect': rule % port if rule else '', 'loopback': ', 127.0.0.1' if rule else ''}
    subprocess.run(['nft', '-f', '-'], input=(_RULES % facts).encode(), check=True)


class Door:
    """Passes bytes both ways between a connection from outside and one made inside."""

    def __init__(self, outside, inside):
        self.pair = (outside, inside)
        self.open = {outside: inside, inside: outside}

    def read(self, one):
        other = self.open[one]
        try:
            data = one.recv(65536)
            if data:
                other.sendall(data)
                return True
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        del self.open[one]
        return bool(self.open)


class Holder:
    def __init__(self, folder):
        self.folder = folder
        self.vmd = None
        self.outside = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.listeners = {}
        self.connections = {}
        _call('unshare', _NEWNET)
        self.inside = os.open('/proc/self/ns/net', os.O_RDONLY)

    def start(self, _):
        def die_with_me():
            _libc.prctl(_PDEATHSIG, signal.SIGKILL)

        program = os.path.join(self.folder, 'bin', 'vmd')
        log = open(os.path.join(self.folder, 'vmd.log'), 'ab')
        self.vmd = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, preexec_fn=die_with_me)
        log.close()
        said = self.vmd.stdout.readline().decode().strip()
        if said != 'ready':
            self.vmd.wait()
            return {'failed': said or 'vmd ended; see vmd.log'}
        return {'started': self.vmd.pid}

    def stop(self, name):
        if self.vmd is not None:
            self.vmd.send_signal(getattr(signal, name))
            self.vmd.wait()
            self.vmd = None
        return {'stopped': True}

    def signal(self, name):
        self.vmd.send_signal(getattr(signal, name))
        return {'signalled': True}

    def at(self, namespace, make):
        """A socket of that namespace: it belongs to the one it was made in."""
        _call('setns', namespace, _NEWNET)
        try:
            return make()
        finally:
            _call('setns', self.inside, _NEWNET)

    def door(self, port, here=None, there=None):
        listener = self.at(here or self.outside, lambda: socket.create_server(('127.0.0.1', 0)))
        self.listeners[listener] = (port, there or self.inside)
        return {'door': listener.getsockname()[1]}

    def exit(self, port):
        return self.door(port, self.inside, self.outside)

    def enter(self, listener):
        outside, _ = listener.accept()
        port, there = self.listeners[listener]
        try:
            inside = self.at(there, lambda: socket.create_connection(('127.0.0.1', port), 5))
        except OSError:
            outside.close()
            return
        door = Door(outside, inside)
        self.connections[outside] = self.connections[inside] = door

    def pass_on(self, one):
        door = self.connections[one]
        if not door.read(one):
            for side in door.pair:
                self.connections.pop(side, None)
                side.close()
        elif one not in door.open:
            self.connections.pop(one)

    def serve(self):
        rest = b''
        while True:
            ready, _, _ = select.select([0, *self.listeners, *self.connections], [], [])
            for one in ready:
                if one == 0:
                    data = os.read(0, 65536)
                    if not data:
                        return
                    *lines, rest = (rest + data).split(b'\n')
                    for line in lines:
                        ((order, word),) = json.loads(line).items()
                        say({'start': self.start, 'stop': self.stop, 'signal': self.signal, 'door': self.door, 'exit': self.exit}[order](word))
                elif one in self.listeners:
                    self.enter(one)
                elif one in self.connections:
                    self.pass_on(one)

    def clear(self):
        """Ends vmd, so that it cleans up, and then whatever else lives in the namespace."""
        if self.vmd is not None:
            self.vmd.terminate()
            try:
                self.vmd.wait(5)
            except subprocess.TimeoutExpired:
                self.vmd.kill()
        release_dangling('/dev')
        while self.kill_others():
            time.sleep(0.01)

    def kill_others(self):
        """How many processes were still in the namespace, whoever started them."""
        mine = os.stat('/proc/self/ns/net').st_ino
        found = 0
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if int(pid) != os.getpid() and os.stat('/proc/%s/ns/net' % pid).st_ino == mine:
                    os.kill(int(pid), signal.SIGKILL)
                    found += 1
            except OSError:
                pass
        return found


def say(answer):
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


def main():
    words = sys.argv[1:]
    folder, port, redirect, remove = words + ['8079', 'none', ''][len(words) - 1 :]
    holder = Holder(folder)
    furnish(int(port), redirect)
    say({'inside': os.getpid()})
    try:
        holder.serve()
    finally:
        holder.clear()
        if remove == 'remove':
            shutil.rmtree(folder)
