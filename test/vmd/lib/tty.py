"""A VM's terminal: a pty whose slave has OpenBSD's name, owner and mode (vm_opentty), and that loses what nobody reads."""

import array
import errno
import fcntl
import os
import pty
import select
import termios
import time

_NAMES = [letter + number for letter in 'pqrstuvwxyz' for number in '0123456789abcdefghijklmnopqrstuv']
_GROUP = 'tty'
# Linux throws away what is unread when the master closes.
_READ_WITHIN_S = 0.5
# Bytes may still be on their way between the master and the slave's queue, for longer on a busy host.
_TIMES_EMPTY = 5


class Tty:
    def __init__(self, loop, folder, uid, gid, people, take):
        """`take` is called with the bytes that somebody types. The name is a link in `folder`, /dev on most hosts."""
        self._loop = loop
        self._take = take
        self._folder = folder
        self.master, slave = pty.openpty()
        self._slave = os.ttyname(slave)
        # As after the first opening on OpenBSD: cooked, with echo. Whoever wants bytes sets it raw.
        self._usual = termios.tcgetattr(slave)
        os.set_blocking(self.master, False)
        mode = 0o660 if gid != -1 else 0o620
        group = gid if gid != -1 else people.group(_GROUP)
        os.chown(self._slave, uid, group if group is not None else 0)
        os.chmod(self._slave, mode)
        os.close(slave)
        self.name = _claim(folder, self._slave)
        # Edges only: as long as nobody has it open, a level would be reported for ever.
        loop.watch(self.master, self._happened, edge=True)

    def _is_open(self):
        poll = select.poll()
        poll.register(self.master, 0)
        return not any(events & select.POLLHUP for _, events in poll.poll(0))

    def write(self, data):
        """What the guest says. What there is no room for, or nobody to read, is lost."""
        if self._is_open():
            try:
                os.write(self.master, data)
            except OSError:
                pass

    def _happened(self, _):
        while True:
            try:
                data = os.read(self.master, 4096)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.EIO:
                    self._last_closed()
                return
            if not data:
                return
            self._take(data)

    def _last_closed(self):
        """OpenBSD forgets settings, exclusiveness and bytes with the last close; Linux keeps them with the master."""
        # The master tells the slave's settings. Where they are as at first nobody has changed anything; this is also how
        # the closing below, which is told here too, comes to rest.
        if termios.tcgetattr(self.master) == self._usual or self._is_open():
            return
        try:
            slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            termios.tcflush(slave, termios.TCIOFLUSH)
            termios.tcsetattr(slave, termios.TCSANOW, self._usual)
            # Last: until then the next user is kept out, so nothing is changed under him.
            fcntl.ioctl(slave, termios.TIOCNXCL)
        finally:
            os.close(slave)

    def close(self):
        """At once when nobody has it open, else when what was said last has been read, or has not been for a while."""
        self._loop.forget(self.master)
        self._close_by(time.monotonic() + _READ_WITHIN_S, 0)

    def _close_by(self, until, times_empty):
        try:
            times_empty = times_empty + 1 if not self._unread() else 0
        except OSError:
            times_empty = _TIMES_EMPTY
        if time.monotonic() > until or times_empty >= _TIMES_EMPTY or not self._is_open():
            self.close_now()
        else:
            self._loop.after(0.005, lambda: self._close_by(until, times_empty))

    def _unread(self):
        slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            count = array.array('i', [0])
            fcntl.ioctl(slave, termios.FIONREAD, count)
            return count[0]
        finally:
            os.close(slave)

    def close_now(self):
        self._loop.forget(self.master)
        # Nobody's again, also for those who still have it open.
        os.chown(self._slave, 0, 0)
        os.chmod(self._slave, 0o666)
        with _Alone(self._folder):
            if os.path.islink(self.name) and os.readlink(self.name) == self._slave:
                os.unlink(self.name)
        os.close(self.master)


class _Alone:
    """The names are shared by every vmd of the machine, so one at a time looks for a free one."""

    def __init__(self, folder):
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self):
        fcntl.flock(self._folder, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self._folder)


def _claim(folder, slave):
    """The first free name. A link whose pty has gone, or whose number is ours now, was left by a vmd that died."""
    with _Alone(folder):
        for name in _NAMES:
            path = os.path.join(folder, 'tty' + name)
            if os.path.islink(path) and (not os.path.exists(path) or os.readlink(path) == slave):
                os.unlink(path)
            try:
                os.symlink(slave, path)
                return path
            except FileExistsError:
                continue
    raise OSError(errno.ENOENT, 'no tty name is free')


def release_dangling(folder):
    """Takes away the names whose pty has gone."""
    with _Alone(folder):
        for name in _NAMES:
            path = os.path.join(folder, 'tty' + name)
            if os.path.islink(path) and not os.path.exists(path):
                os.unlink(path)
