"""tap(4) as vmd uses it: the first free of so many nodes, and what is told to it when the VM has started (priv.c)."""

import errno
import fcntl
import os
import struct

from lib import netlink

_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


class Tap:
    """An open tap; it is gone when its descriptors are closed."""

    def __init__(self, name, descriptor, group):
        self.name = name
        self.descriptor = descriptor
        self.groups = ['tap'] + ([group] if group else [])
        self.mac = bytes((0xFE, 0xE1, 0xBA)) + os.urandom(3)
        netlink.set_mac(name, self.mac)

    def configure(self, description, address, up):
        netlink.set_alias(self.name, description)
        if up:
            netlink.set_up(self.name)
        if address:
            netlink.add_address(self.name, address, 31)

    def close(self):
        os.close(self.descriptor)


def _open(name):
    descriptor = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack('16sH22x', name.encode(), _IFF_TAP | _IFF_NO_PI))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_tap(nodes, wanted, group):
    """`nodes`: how many of /dev/tap0, tap1, ... there are. OSError as open(2) of the last one says."""
    names = [wanted] if wanted else ['tap%d' % number for number in range(nodes)]
    for name in names:
        if int(name[3:]) >= nodes:
            break
        try:
            return Tap(name, _open(name), group)
        except OSError as error:
            if error.errno != errno.EBUSY or wanted:
                raise
    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
