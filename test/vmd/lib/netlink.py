"""The kernel's interfaces over rtnetlink(7): what they are, and what vmd(8) changes of its taps."""

import os
import struct
from _socket import AF_INET, AF_NETLINK, SOCK_RAW, inet_ntop, inet_pton, if_nametoindex, socket

_NEWLINK, _GETLINK, _NEWADDR, _GETADDR, _DONE, _ERROR = 16, 18, 20, 22, 3, 2
_REQUEST, _ACK, _CREATE, _REPLACE, _DUMP = 1, 4, 0x400, 0x100, 0x300
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_OPERSTATE, _IFLA_IFALIAS = 1, 3, 4, 16, 20
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
UP, RUNNING = 1, 0x40


def _attribute(kind, value):
    return struct.pack('HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from('HH', data, at)
        if length < 4:
            return
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += (length + 3) & ~3


def _talk(kind, flags, body):
    """Sends one request and gives the messages of the answer; OSError when the kernel refuses."""
    answers = []
    link = socket(AF_NETLINK, SOCK_RAW, 0)
    try:
        link.send(struct.pack('IHHII', 16 + len(body), kind, _REQUEST | flags, 1, 0) + body)
        while True:
            data = link.recv(1 << 17)
            at = 0
            while at + 16 <= len(data):
                length, answer, _, _, _ = struct.unpack_from('IHHII', data, at)
                if answer == _DONE:
                    return answers
                if answer == _ERROR:
                    code = -struct.unpack_from('i', data, at + 16)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return answers
                answers.append(data[at + 16 : at + length])
                at += (length + 3) & ~3
    finally:
        link.close()


def interfaces():
    """Every interface of this network namespace, by number: name, flags, mtu, hardware address, alias, addresses."""
    found = {}
    for body in _talk(_GETLINK, _DUMP, struct.pack('BxHiII', 0, 0, 0, 0, 0)):
        index, flags = struct.unpack_from('iI', body, 4)
        link = {'index': index, 'flags': flags, 'name': '', 'mtu': 0, 'mac': b'', 'alias': '', 'inet': []}
        for kind, value in _attributes(body[16:]):
            if kind == _IFLA_IFNAME:
                link['name'] = value.rstrip(b'\0').decode()
            elif kind == _IFLA_MTU:
                link['mtu'] = struct.unpack('I', value)[0]
            elif kind == _IFLA_ADDRESS:
                link['mac'] = value
            elif kind == _IFLA_IFALIAS:
                link['alias'] = value.rstrip(b'\0').decode()
        found[index] = link
    for body in _talk(_GETADDR, _DUMP, struct.pack('BBBBi', AF_INET, 0, 0, 0, 0)):
        length, index = body[1], struct.unpack_from('i', body, 4)[0]
        local = dict(_attributes(body[8:])).get(_IFA_LOCAL)
        if local is not None and index in found:
            found[index]['inet'].append((inet_ntop(AF_INET, local), length))
    return [found[index] for index in sorted(found)]


def _change(name, flags, mask, attributes):
    body = struct.pack('BxHiII', 0, 0, if_nametoindex(name), flags, mask)
    _talk(_NEWLINK, _ACK, body + b''.join(attributes))


def set_mac(name, mac):
    _change(name, 0, 0, [_attribute(_IFLA_ADDRESS, mac)])


def set_alias(name, alias):
    _change(name, 0, 0, [_attribute(_IFLA_IFALIAS, alias.encode())])


def set_up(name):
    _change(name, UP, UP, [])


def add_address(name, address, length):
    packed = inet_pton(AF_INET, address)
    body = struct.pack('BBBBi', AF_INET, length, 0, 0, if_nametoindex(name))
    attributes = [_attribute(_IFA_LOCAL, packed), _attribute(_IFA_ADDRESS, packed)]
    _talk(_NEWADDR, _ACK | _CREATE | _REPLACE, body + b''.join(attributes))
