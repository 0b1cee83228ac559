"""What libc says on OpenBSD: strerror(3), getopt(3), scan_scaled(3), fmt_scaled(3), strtonum(3), err(3)."""

import errno
import sys
from posix import strerror as linux_strerror

# vmd's own answers beside errno (usr.sbin/vmd/vmd.h).
BIOS_MISSING, DISK_MISSING, DISK_INVALID = 1001, 1002, 1003
STOP_INVALID, CDROM_MISSING, CDROM_INVALID, PARENT_INVALID = 1004, 1005, 1006, 1007
# OpenBSD has it, Linux has not: a number that Linux never uses.
EPROCLIM = 1067

_TEXTS = {
    errno.EBUSY: 'Device busy',
    errno.ERANGE: 'Result too large',
    errno.EDQUOT: 'Disc quota exceeded',
    errno.EFBIG: 'File too large',
    errno.EOVERFLOW: 'Value too large to be stored in data type',
    errno.EXDEV: 'Cross-device link',
    errno.ENOTSUP: 'Not supported',
    EPROCLIM: 'Too many processes',
}


def strerror(code):
    if code < 0:
        return 'Unknown error: %d' % code
    return _TEXTS.get(code) or linux_strerror(code)


class Exit(Exception):
    """Ends the program with this exit code."""

    def __init__(self, code):
        self.code = code


def warnx(text):
    sys.stdout.flush()
    sys.stderr.write('%s: %s\n' % (progname(), text))


def errx(text):
    warnx(text)
    raise Exit(1)


def err(code, text):
    errx('%s: %s' % (text, strerror(code)))


def progname():
    return sys.argv[0].rpartition('/')[2]


def getopt(words, letters):
    """Options first, then operands, as getopt(3): ([(letter, value)], operands), or None when one is not known."""
    found = []
    rest = list(words)
    while rest and rest[0][:1] == '-' and rest[0] != '-':
        word = rest.pop(0)
        if word == '--':
            break
        at = 1
        while at < len(word):
            letter = word[at]
            at += 1
            place = letters.find(letter)
            if letter == ':' or place < 0:
                sys.stderr.write('%s: unknown option -- %s\n' % (progname(), letter))
                return None
            value = None
            if letters[place + 1 : place + 2] == ':':
                value, at = word[at:], len(word)
                if value == '':
                    if not rest:
                        sys.stderr.write('%s: option requires an argument -- %s\n' % (progname(), letter))
                        return None
                    value = rest.pop(0)
            found.append((letter, value))
    return found, rest


_UNITS = 'BKMGTPE'
_MOST = (1 << 63) - 1


def scan_scaled(word):
    """Bytes, or an OSError with EINVAL or ERANGE."""
    text = word.lstrip(' \t\n\v\f\r')
    sign = -1 if text[:1] == '-' else 1
    if text[:1] in ('-', '+') and text:
        text = text[1:]
    at = 0
    while at < len(text) and text[at] in '0123456789':
        at += 1
    whole = int(text[:at] or '0')
    fraction = ''
    if text[at : at + 1] == '.':
        start = at = at + 1
        while at < len(text) and text[at] in '0123456789':
            at += 1
        fraction = text[start:at]
    if whole > _MOST:
        raise OSError(errno.ERANGE, '')
    unit = text[at : at + 1]
    if unit == '':
        return sign * whole
    power = _UNITS.find(unit.upper())
    if power < 0 or text[at + 1 : at + 2].isalnum():
        raise OSError(errno.EINVAL, '')
    scale = 1024**power
    if whole > _MOST // scale:
        raise OSError(errno.ERANGE, '')
    return sign * (whole * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0))


def fmt_scaled(number):
    """Three or four figures with a unit, as in vmctl status."""
    power = 0
    while power < 6 and number >= 1024 ** (power + 1):
        power += 1
    scale = 1024**power
    value = number // scale
    fraction = 0 if power == 0 else (10 * ((number % scale) // 1024 ** (power - 1)) + 512) // 1024
    if fraction >= 10:
        value, fraction = value + 1, 0
    if value == 0:
        return '0B'
    if power == 0 or value >= 100:
        return '%d%s' % (value + (fraction >= 5), _UNITS[power])
    return '%d.%d%s' % (value, fraction, _UNITS[power])


def strtonum(word, least, most):
    """The number, or what strtonum(3) says of it: 'invalid', 'too small', 'too large'."""
    text = word.strip(' \t\n\v\f\r') if word[-1:].isdigit() else ''
    digits = text[1:] if text[:1] in ('-', '+') else text
    if not (digits.isascii() and digits.isdigit()):
        return 'invalid'
    number = int(text)
    return 'too small' if number < least else 'too large' if number > most else number
