"""vmctl create: makes disk images by vmd's rules (ctl_create, ctl_convert). It never asks vmd."""

import errno
import json
import os

from lib import qcow2
from lib.disk_type import disk_type
from lib.texts import err, errx, warnx

_MB = 1 << 20


def create(words):
    from lib.ctl import command_usage, options
    from lib.ctl_start import size_of

    found, operands = options('create', words, 'b:i:s:')
    base = source = None
    size = 0
    for letter, value in found:
        if letter == 'b':
            base = value
        elif letter == 'i':
            source = value
        else:
            size = size_of(value, 'disk')
    if len(operands) != 1:
        command_usage('create')
    kind, path = disk_type(operands[0])
    if source is not None:
        if base is not None:
            errx('conflicting -b and -i arguments')
        return convert(source, kind, path, size)
    if base is not None and kind != 'qcow2':
        errx('base images require qcow2 disk format')
    if size == 0 and base is None:
        import sys

        sys.stderr.write('could not create %s: missing size argument\n' % path)
        command_usage('create')
    code = make(kind, path, size, base)
    if code:
        err(code, 'create imagefile operation failed')
    warnx('%s imagefile created' % kind)
    return 0


def base_size(base, size):
    """The size a derived image has, which is always that of its base."""
    try:
        descriptor = os.open(base, os.O_RDONLY)
        try:
            header = qcow2.read_header(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        errx('failure to read base image header')
    except qcow2.Refused as refused:
        errx('failure to read base image header' if 'short' in str(refused) else 'base image is not a qcow2 file')
    if size and size != header['size']:
        errx('base size does not match requested size')
    return header['size']


def make(kind, path, size, base=None):
    """0, or the errno."""
    if base is not None:
        size = base_size(base, size)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_TRUNC, 0o600)
    except OSError as error:
        return error.errno
    try:
        if kind == 'raw':
            os.ftruncate(descriptor, size)
        else:
            qcow2.write_empty(descriptor, size, base)
    except OSError as error:
        return error.errno
    finally:
        os.close(descriptor)
    return 0


def virtual_size(kind, path):
    """Bytes; Refused or OSError when vmctl could not open it, its bases included."""
    chain = []
    try:
        while True:
            chain.append(os.open(path, os.O_RDONLY))
            if kind == 'raw':
                return os.fstat(chain[0]).st_size
            path = qcow2.base_of(chain[-1], path)
            if not path or len(chain) == qcow2.CHAIN:
                break
        why = qcow2.refusal(chain)
        if why and why != 'compressed clusters unsupported':
            raise qcow2.Refused(why)
        return qcow2.read_header(chain[0])['size']
    finally:
        for descriptor in chain:
            os.close(descriptor)


def convert(source, kind, path, size):
    """Copies and flattens; what is zero is left out. The reading and writing itself is qemu-img's."""
    source_kind, source_path = disk_type(source)
    try:
        source_size = virtual_size(source_kind, source_path)
    except (OSError, qcow2.Refused):
        errx('failed to open source image file')
    wanted = size or source_size
    if wanted < source_size:
        errx('size cannot be smaller than input disk size')
    rounded = (wanted + _MB - 1) // _MB * _MB
    if make(kind, path, rounded):
        errx('failed to create destination image file')
    copy(source_kind, source_path, kind, path, source_size)
    if wanted < rounded:
        warnx('destination size rounded to %d megabytes' % (rounded // _MB))
    warnx('%s imagefile created' % kind)
    return 0


def copy(source_kind, source_path, kind, path, source_size):
    if source_size == 0:
        return
    words = ['qemu-img', 'convert', '-n', '--target-is-zero', '-W', '-t', 'writeback', '-S', '65536']
    words += ['-O', kind, 'json:' + json.dumps(qcow2.node_of(source_kind, os.path.abspath(source_path))), os.path.abspath(path)]
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.execvp(words[0], words)
        finally:
            os._exit(127)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        errx('failed to write to destination' if full(path) else 'failed to read from source')


def full(path):
    """Whether the disk has no room left, which is what mostly stops a copy."""
    try:
        found = os.statvfs(path)
    except OSError as error:
        return error.errno != errno.ENOENT
    return found.f_bavail * found.f_frsize < _MB
