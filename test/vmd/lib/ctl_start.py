"""vmctl start: its options in getopt's order, then what is sent to vmd (ctl_start and vm_start)."""

import errno
import os
import stat
import sys

from lib.disk_type import disk_type
from lib.texts import (
    BIOS_MISSING,
    CDROM_INVALID,
    CDROM_MISSING,
    DISK_INVALID,
    DISK_MISSING,
    PARENT_INVALID,
    err,
    errx,
    fmt_scaled,
    scan_scaled,
    strerror,
    strtonum,
    warnx,
)

_MB = 1 << 20
_INT_MAX = 0x7FFFFFFF
_MOST_CPUS = 64

_ANSWERS = {
    BIOS_MISSING: 'vmm bios firmware file not found.',
    DISK_MISSING: 'could not open disk image(s)',
    DISK_INVALID: 'specified disk image(s) are not regular files',
    CDROM_MISSING: 'could not find specified iso image',
    CDROM_INVALID: 'specified iso image is not a regular file',
    PARENT_INVALID: 'invalid template',
}


def size_of(word, kind, limit=None):
    """Whole megabytes, in bytes, rounded down with a warning."""
    try:
        value = scan_scaled(word)
    except OSError as error:
        err(error.errno, 'invalid %s size: %s' % (kind, word))
    if value < _MB:
        errx('%s size must be at least 1MB' % kind)
    if limit is not None and value > limit:
        errx('memory size too large (limit is %s)' % fmt_scaled(limit))
    rounded = value // _MB * _MB
    if rounded != value:
        warnx('%s size rounded to %s' % (kind, fmt_scaled(rounded)))
    return rounded


def real_path(path, said):
    try:
        return os.path.realpath(path, strict=True)
    except OSError as error:
        err(error.errno, said)


def parse(words, has):
    from lib.ctl import command_usage, machine_of, options

    found, operands = options('start', words, 'b:B:cd:i:Lm:n:p:r:t:' if has['has_cpus'] else 'b:B:cd:i:Lm:n:r:t:')
    spec = {'kernel': '', 'boot': '', 'console': False, 'disks': [], 'nets': [], 'count': -1}
    spec.update({'memory': 0, 'cdrom': '', 'parent': '', 'cpus': 0})
    for letter, value in found:
        if letter == 'b':
            if spec['kernel']:
                errx('boot image specified multiple times')
            spec['kernel'] = real_path(value, 'invalid boot image path')
        elif letter == 'B':
            if spec['boot']:
                errx('boot device specified multiple times')
            if value not in ('disk', 'cdrom', 'net'):
                errx('unknown boot device %s' % value)
            spec['boot'] = value
        elif letter == 'r':
            if spec['cdrom']:
                errx('iso image specified multiple times')
            spec['cdrom'] = real_path(value, 'invalid iso image path: %s' % value)
        elif letter == 'c':
            spec['console'] = True
        elif letter == 'L':
            spec['nets'].append('.')
        elif letter == 'n':
            spec['nets'].append(value)
        elif letter == 'm':
            if spec['memory']:
                errx('memory specified multiple times')
            spec['memory'] = size_of(value, 'memory', has['memory_limit'])
        elif letter == 'd':
            kind, path = disk_type(value)
            spec['disks'].append((kind, real_path(path, 'invalid disk path: %s' % path if has['names_bad_disk'] else 'invalid disk path')))
        elif letter == 'i':
            if spec['count'] != -1:
                errx('interfaces specified multiple times')
            spec['count'] = strtonum(value, 1, _INT_MAX)
            if not isinstance(spec['count'], int):
                warnx('count is %s: %s' % (spec['count'], value))
                errx('invalid interface count: %s' % value)
        elif letter == 'p':
            spec['cpus'] = strtonum(value, 1, _MOST_CPUS)
            if not isinstance(spec['cpus'], int):
                errx('invalid number of cpus: %s' % value)
        elif letter == 't':
            if len(os.fsencode(value)) >= 64:
                warnx('instance vm name too long')
                errx('invalid name: %s' % value)
            spec['parent'] = value
    if len(operands) != 1:
        command_usage('start')
    spec['id'], spec['name'] = machine_of(operands[0])
    # -i pads only up to its count; what lies above four is refused by whoever looks first, so it need not be built.
    spec['nets'] += [''] * min(spec['count'] - len(spec['nets']), 5)
    return spec


def check(spec, has):
    """What vmctl itself refuses or warns of before it asks."""
    disks, nets, kernel, cdrom = spec['disks'], spec['nets'], spec['kernel'], spec['cdrom']
    flagged = spec['memory'] or nets or disks or kernel or cdrom or spec['cpus']
    quiet_with_kernel = not has['warns_with_kernel'] and kernel
    if not spec['parent'] and flagged:
        if len(disks) > 4:
            errx('too many disks')
        if not disks and not quiet_with_kernel:
            warnx('starting without disks')
        if not kernel and not disks and not cdrom:
            errx('no kernel or disk/cdrom specified')
        if len(nets) > 4:
            errx('too many network interfaces')
        if not nets and not quiet_with_kernel:
            warnx('starting without network interfaces')
    if len(disks) > 4 or len(nets) > 4:
        # vmctl of an instance writes past its tables here; the stand-in says what the limit is.
        errx('too many disks' if len(disks) > 4 else 'too many network interfaces')
    limit = has['path_limit']
    if any(len(os.fsencode(path)) >= limit for _, path in disks):
        errx('disk path too long')
    if any(len(os.fsencode(net)) >= 16 for net in nets):
        errx('interface name too long')
    name = spec['name']
    if name and (name[0] in '-._' or not all((c.isascii() and c.isalnum()) or c in '.-_' for c in name)):
        errx('invalid VM name')
    if len(os.fsencode(kernel)) >= limit:
        errx('kernel name too long')
    if len(os.fsencode(cdrom)) >= limit:
        errx('cdrom name too long')


def open_kernel(path):
    """From 7.3 on vmctl opens it as its own user."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        found = os.fstat(descriptor)
        # Tests lend the daemon's user the right to read the checkout: judge by the file's own bits.
        if stat.S_ISREG(found.st_mode) and not may_read(found):
            raise PermissionError(errno.EACCES, '')
    except OSError as error:
        err(error.errno, "cannot open kernel '%s'" % path)
    if not stat.S_ISREG(found.st_mode):
        errx('kernel must be a regular file')
    return descriptor


def may_read(found):
    if os.geteuid() == 0:
        return True
    if found.st_uid == os.geteuid():
        return bool(found.st_mode & stat.S_IRUSR)
    if found.st_gid == os.getegid() or found.st_gid in os.getgroups():
        return bool(found.st_mode & stat.S_IRGRP)
    return bool(found.st_mode & stat.S_IROTH)


def start(talk, has, words):
    spec = parse(words, has)
    # The real one connects before it looks at what it was given.
    talk.connect()
    check(spec, has)
    descriptor = open_kernel(spec['kernel']) if spec['kernel'] and has['kernel_passed'] else -1
    request = {key: spec[key] for key in ('id', 'name', 'parent', 'kernel', 'cdrom', 'boot', 'memory', 'cpus', 'disks', 'nets')}
    answer = talk.ask({'do': 'start', **request}, descriptor)
    code = answer['result']
    if code:
        warnx(_ANSWERS.get(code) or 'start vm command failed: ' + strerror(code))
        return 1
    if spec['console']:
        sys.stderr.flush()
        talk.open_console(answer['tty'])
    warnx('started vm %d successfully, tty %s' % (answer['id'], answer['tty']))
    return 0
