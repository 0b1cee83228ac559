"""A VM's terminal: a pty whose slave has OpenBSD's name, owner and mode (vm_opentty), and that loses what nobody reads."""

import array
import errno
import fcntl
import os
import pty
import select
import termios

_NAMES = [letter + number for letter in 'pqrstuvwxyz' for number in '0123456789abcdefghijklmnopqrstuv']
_GROUP = 'tty'
_TIOCGEXCL = 0x80045440


class Tty:
    def __init__(self, loop, folder, uid, gid, people, take):
        """`take` is called with the bytes that somebody types. The name is a link in `folder`, /dev on most hosts."""
        self._loop = loop
        self._take = take
        self._closes = 0
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
        # Our own closing below is told here, too; and whoever has opened it meanwhile has settings of its own.
        if self._closes > 0:
            self._closes = 0
            return
        if self._is_open():
            return
        try:
            slave = os.open(self._slave, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        self._closes += 1
        try:
            exclusive = array.array('i', [0])
            fcntl.ioctl(slave, _TIOCGEXCL, exclusive)
            if not exclusive[0] and termios.tcgetattr(slave) == self._usual:
                return
            fcntl.ioctl(slave, termios.TIOCNXCL)
            termios.tcflush(slave, termios.TCIOFLUSH)
            termios.tcsetattr(slave, termios.TCSANOW, self._usual)
        finally:
            os.close(slave)

    def close(self):
        self._loop.forget(self.master)
        for path, change in ((self._slave, lambda path: os.chown(path, 0, 0)), (self._slave, _anybodys)):
            try:
                change(path)
            except OSError:
                pass
        try:
            if os.readlink(self.name) == self._slave:
                os.unlink(self.name)
        except OSError:
            pass
        os.close(self.master)


def _anybodys(path):
    os.chmod(path, 0o666)


def _claim(folder, slave):
    """The first free name. A link whose pty has gone, or whose number is ours now, was left by a vmd that died."""
    for name in _NAMES:
        path = os.path.join(folder, 'tty' + name)
        try:
            os.symlink(slave, path)
            return path
        except FileExistsError:
            pass
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if os.path.exists(target) and target != slave:
            continue
        # Of several that find it dangling, one moves it away.
        aside = '%s.%d' % (path, os.getpid())
        try:
            os.rename(path, aside)
            os.unlink(aside)
            os.symlink(slave, path)
            return path
        except OSError:
            continue
    raise OSError(errno.ENOENT, 'no tty name is free')


def release_dangling(folder):
    """Takes away the names whose pty has gone."""
    for name in _NAMES:
        path = os.path.join(folder, 'tty' + name)
        try:
            if os.path.islink(path) and not os.path.exists(path):
                os.unlink(path)
        except OSError:
            pass
