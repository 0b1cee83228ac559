"""What kind of disk a word means (parse_disktype of usr.sbin/vmctl/main.c)."""

import os
import stat

MAGIC = b'QFI\xfb'


def disk_type(word):
    """('raw' or 'qcow2', the path without its prefix)"""
    for kind in ('raw', 'qcow2'):
        if word.startswith(kind + ':'):
            return kind, word[len(kind) + 1 :]
    try:
        descriptor = os.open(word, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                return 'raw', word
            if os.read(descriptor, 4) == MAGIC:
                return 'qcow2', word
        finally:
            os.close(descriptor)
    except OSError:
        pass
    return ('qcow2' if word.lower().endswith('.qcow2') else 'raw'), word
