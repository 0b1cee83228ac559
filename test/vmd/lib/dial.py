"""cu -l line -s speed: a terminal's bytes to and from a tty (usr.bin/cu/cu.c)."""

import errno
import fcntl
import os
import select
import signal
import sys
import termios
import time

from lib.texts import Exit, err, errx, getopt, strtonum

# TIOCEXCL outlasts its holder on Linux; vmd takes it back when the last one has closed, some milliseconds later.
_GIVEN_BACK_WITHIN_S = 0.1


def usage():
    sys.stderr.write('usage: cu [-dr] [-l line] [-s speed | -speed] [host]\n')
    raise Exit(1)


def parse(words):
    line, speed = '/dev/cua00', 9600
    words = ['-s' + word[1:] if word[:1] == '-' and word[1:2].isdigit() else word for word in words]
    parsed = getopt(words, 'drl:s:')
    if parsed is None or len(parsed[1]) > 1:
        usage()
    for letter, value in parsed[0]:
        if letter == 'l':
            line = value
        elif letter == 's':
            speed = strtonum(value, 0, 0x7FFFFFFF)
            if not isinstance(speed, int):
                errx('speed is %s: %s' % (speed, value))
    return line if '/' in line else '/dev/' + line, speed


def open_line(line):
    until = time.monotonic() + _GIVEN_BACK_WITHIN_S
    while True:
        try:
            return os.open(line, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            if error.errno == errno.EBUSY and time.monotonic() < until:
                time.sleep(0.005)
                continue
            err(error.errno, 'open("%s")' % line)


def set_line(descriptor, speed):
    """Raw, eight bits, nothing pending (set_line)."""
    iflag, oflag, cflag, lflag, _, _, cc = termios.tcgetattr(descriptor)
    iflag &= ~(termios.ISTRIP | termios.ICRNL)
    oflag &= ~termios.OPOST
    lflag &= ~(termios.ICANON | termios.ISIG | termios.IEXTEN | termios.ECHO)
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CREAD | termios.CS8 | termios.CLOCAL
    cc[termios.VMIN], cc[termios.VTIME] = 1, 0
    rate = getattr(termios, 'B%d' % speed, termios.B9600)
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, [iflag, oflag, cflag, lflag, rate, rate, cc])


def set_terminal(saved):
    """What cu makes of the terminal it is typed on (set_termios)."""
    iflag, oflag, cflag, lflag, fast, slow, cc = saved
    cc = list(cc)
    lflag &= ~(termios.ICANON | termios.IEXTEN | termios.ECHO)
    iflag &= ~(termios.INPCK | termios.ICRNL)
    cc[termios.VMIN], cc[termios.VTIME] = 1, 0
    for place in (termios.VDISCARD, termios.VINTR, termios.VLNEXT, termios.VQUIT, termios.VSUSP):
        cc[place] = b'\0'
    words = [iflag, oflag & ~termios.OPOST, cflag, lflag, fast, slow, cc]
    termios.tcsetattr(0, termios.TCSAFLUSH, words)


def say(text):
    write_all(1, text.encode())


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


class Typed:
    """What is typed, without the escapes, which there are only on a terminal, and only at the beginning of a line."""

    def __init__(self, line, is_terminal):
        self.line, self.is_terminal, self.state, self.over = line, is_terminal, 'newline', False

    def take(self, data):
        out = bytearray()
        for byte in data:
            if self.state == 'tilde':
                self.state = 'newline'
                self.command(byte, out)
                if self.over:
                    break
                continue
            if self.state == 'newline' and self.is_terminal and byte == 0x7E:
                self.state = 'tilde'
                continue
            if self.state == 'none':
                if self.is_terminal and byte == 0x0D:
                    self.state = 'newline'
            elif byte != 0x0D:
                self.state = 'none'
            out.append(byte)
        return bytes(out)

    def command(self, byte, out):
        if byte in (0x2E, 0x04):
            self.over = True
        elif byte == 0x7E:
            out.append(byte)
        elif byte == 0x23:
            termios.tcsendbreak(self.line, 0)
        elif byte == 0x3F:
            say('\r\n~#      send break\r\n~.      disconnect\r\n~?      get this summary\r\n')


def converse(line, is_terminal, wake):
    """Until either side ends; gives the name of the signal that ended it, or None."""
    typed = Typed(line, is_terminal)
    pending = b''
    os.set_blocking(line, False)
    while True:
        wants = [line] if pending else []
        readable, writable, _ = select.select([line, wake] + ([] if pending else [0]), wants, [])
        if wake in readable:
            return {signal.SIGTERM: 'TERM', signal.SIGHUP: 'HUP'}[os.read(wake, 1)[0]]
        if line in readable:
            try:
                data = os.read(line, 16384)
            except OSError as error:
                data = b'' if error.errno == errno.EIO else None
            if data == b'':
                return None
            if data:
                write_all(1, data)
        if 0 in readable:
            data = os.read(0, 4096)
            if not data:
                return None
            pending = typed.take(data)
        if pending and (line in writable or 0 in readable):
            try:
                pending = pending[os.write(line, pending) :]
            except BlockingIOError:
                pass
            except OSError:
                return None
        if typed.over and not pending:
            return None


def dial(words):
    is_terminal = os.isatty(0)
    saved = termios.tcgetattr(0) if is_terminal else None
    path, speed = parse(words)
    line = open_line(path)
    fcntl.ioctl(line, termios.TIOCEXCL)
    set_line(line, speed)
    wake, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    if saved:
        set_terminal(saved)
    try:
        say('Connected to %s (speed %d)\r\n' % (path, speed))
        ended = converse(line, is_terminal, wake)
        if saved:
            termios.tcsetattr(0, termios.TCSAFLUSH, saved)
        say('\r\n[SIG%s]\n' % ended if ended else '\r\n[EOT]\n')
    except BrokenPipeError:
        pass
    return 0


def main():
    try:
        code = dial(sys.argv[1:])
    except Exit as end:
        code = end.code
    sys.stderr.flush()
    os._exit(code)
