"""vmd's answers to DHCP and BOOTP on local interfaces (usr.sbin/vmd/dhcp.c), by raw frames on the tap."""

import array
import re
import socket
import struct

_COOKIE = b'\x63\x82\x53\x63'
_DISCOVER, _OFFER, _REQUEST, _ACK, _NAK = 1, 2, 3, 5, 6
_BROADCAST = b'\xff' * 6
_LEAST = 300
# What res_hnok(3) lets pass as a host name.
_HOST_NAME = re.compile(r'[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?')


def _options(data):
    at = 0
    found = {}
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 1 >= len(data) or at + 1 + data[at + 1] >= len(data):
            break
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def _checksum(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data)) if len(data) % 2 == 0 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _datagram(server, client, payload):
    source, target = socket.inet_aton(server), socket.inet_aton(client)
    length = 8 + len(payload)
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0x10, 20 + length, 0, 0, 16, 17, 0, source, target)
    head = head[:10] + struct.pack('>H', _checksum(head)) + head[12:]
    pseudo = source + target + struct.pack('>BBH', 0, 17, length)
    datagram = struct.pack('>HHHH', 67, 68, length, 0) + payload
    total = _checksum(pseudo + datagram + bytes(len(datagram) % 2)) or 0xFFFF
    return head + datagram[:6] + struct.pack('>H', total) + datagram[8:]


def reply_to(frame, mac, server, client, name):
    """The frame that answers, or None. `name` is the VM's when its boot device is net, else None."""
    if len(frame) < 14 + 28 + 236 or frame[0:6] != _BROADCAST or frame[6:12] != mac or frame[12:14] != b'\x08\x00':
        return None
    header = (frame[14] & 15) * 4
    if frame[14] >> 4 != 4 or frame[23] != 17:
        return None
    udp = 14 + header
    if struct.unpack('>HH', frame[udp : udp + 4]) != (68, 67):
        return None
    request = frame[udp + 8 :]
    if len(request) < 236:
        return None
    op, kind, length, hops = request[:4]
    xid, ciaddr, hardware, file = request[4:8], request[12:16], request[28:34], request[108:236]
    if (op, kind, length) != (1, 1, 6) or hardware != mac:
        return None
    # Requests that it does not support, renewals among them, stay without an answer.
    if ciaddr != bytes(4) or file[0] != 0 or hops != 0:
        return None
    options = _options(request[240:]) if request[236:240] == _COOKIE else {}
    asked = options.get(53, b'\0')[0] if len(options.get(53, b'')) == 1 else 0
    host, guest = socket.inet_aton(server), socket.inet_aton(client)
    said = _COOKIE
    if asked:
        requested = options.get(50, b'')
        if asked == _DISCOVER:
            answer = _OFFER
        elif asked == _REQUEST and (requested in (b'', bytes(4), guest)):
            answer = _ACK
        else:
            answer = _NAK
        said += bytes((53, 1, answer, 51, 4)) + b'\xff' * 4 + bytes((54, 4)) + host
    said += bytes((1, 4)) + b'\xff\xff\xff\xfe' + bytes((3, 4)) + host + bytes((6, 4)) + host
    if name is not None and len(name) < 256 and _HOST_NAME.fullmatch(name):
        said += bytes((12, len(name))) + name.encode()
    said += b'\xff'
    boot_file = (b'auto_install' if name is not None else b'').ljust(128, b'\0')
    payload = struct.pack('>BBBB4sHH4s4s4s4s', 2, 1, 6, 0, xid, 0, 0, bytes(4), guest, host, bytes(4))
    payload += mac.ljust(16, b'\0') + bytes(64) + boot_file + said
    # From the guest's address, last byte one more, as there is no interface behind it.
    source = mac[:5] + bytes(((mac[5] + 1) & 0xFF,))
    return mac + source + b'\x08\x00' + _datagram(server, client, payload.ljust(_LEAST, b'\0'))


# IPv4, UDP, no fragment but the first, to port 67: the rest of the guest's traffic is none of its business.
_FILTER = (
    ((0x28, 0, 0, 12), (0x15, 0, 8, 0x0800), (0x30, 0, 0, 23), (0x15, 0, 6, 17), (0x28, 0, 0, 20))
    + ((0x45, 4, 0, 0x1FFF), (0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 67), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))
)
_ATTACH_FILTER = 26


def _only_requests(heard):
    program = array.array('B', b''.join(struct.pack('HBBI', *step) for step in _FILTER))
    heard.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack('HL', len(_FILTER), program.buffer_info()[0]))


class Answerer:
    """Listens on a tap and answers, until it is closed."""

    def __init__(self, loop, tap, mac, server, client, name):
        self._loop = loop
        self._reply = lambda frame: reply_to(frame, mac, server, client, name)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        _only_requests(self._socket)
        self._socket.bind((tap, 0x0800))
        loop.watch(self._socket.fileno(), self._heard)

    def _heard(self, _):
        while True:
            try:
                frame, where = self._socket.recvfrom(2048)
            except OSError:
                return
            # Its own answers come by here too.
            answer = None if where[2] == socket.PACKET_OUTGOING else self._reply(frame)
            if answer is not None:
                try:
                    self._socket.send(answer)
                except OSError:
                    return

    def close(self):
        self._loop.forget(self._socket.fileno())
        self._socket.close()
