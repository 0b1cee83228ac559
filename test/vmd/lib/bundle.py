"""Kernels for the stand-in: a tar of vmlinux, initrd and append, or a plain kernel."""

import os
import tarfile

_PLAIN = 'console=ttyS0'


def unpack(descriptor, path, folder):
    """(kernel, initrd or None, command line) of an open file; the members lie in `folder`, one copy of each bundle."""
    found = os.fstat(descriptor)
    place = os.path.join(folder, '%x-%x-%x-%x' % (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
    if not os.path.isdir(place):
        aside = '%s.%d' % (place, os.getpid())
        os.makedirs(aside)
        # A descriptor of its own: the place in the file is shared with whoever passed this one.
        with open('/proc/self/fd/%d' % descriptor, 'rb') as file:
            try:
                with tarfile.open(fileobj=file, mode='r:') as archive:
                    for member in archive:
                        if member.isreg() and member.name in ('vmlinux', 'initrd', 'append'):
                            archive.extract(member, aside, set_attrs=False)
            except tarfile.TarError:
                file.seek(0)
                with open(os.path.join(aside, 'vmlinux'), 'wb') as copy:
                    os.sendfile(copy.fileno(), file.fileno(), 0, found.st_size)
        os.rename(aside, place)
    initrd = os.path.join(place, 'initrd')
    try:
        with open(os.path.join(place, 'append'), encoding='utf-8') as file:
            words = ' '.join(file.read().split())
    except FileNotFoundError:
        words = _PLAIN
    return os.path.join(place, 'vmlinux'), initrd if os.path.exists(initrd) else None, words
