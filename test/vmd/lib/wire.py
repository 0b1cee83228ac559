"""Messages between vmctl and vmd on the control socket: a length, then marshalled plain values; perhaps a descriptor."""

import marshal
from _socket import SOL_SOCKET, SCM_RIGHTS, CMSG_SPACE

_HEAD = 4


def pack(message):
    body = marshal.dumps(message)
    return len(body).to_bytes(_HEAD, 'little') + body


def unpack(buffer):
    """Takes one message out of a bytearray; None when it is not whole yet."""
    if len(buffer) < _HEAD:
        return None
    end = _HEAD + int.from_bytes(buffer[:_HEAD], 'little')
    if len(buffer) < end:
        return None
    message = marshal.loads(bytes(buffer[_HEAD:end]))
    del buffer[:end]
    return message


def send(connection, message, descriptor=-1):
    data = pack(message)
    if descriptor >= 0:
        ancillary = [(SOL_SOCKET, SCM_RIGHTS, descriptor.to_bytes(4, 'little'))]
        sent = connection.sendmsg([data], ancillary)
        data = data[sent:]
    if data:
        connection.sendall(data)


def receive_some(connection, buffer):
    """Adds what has come to the buffer: (bytes, descriptors)."""
    data, ancillary, _, _ = connection.recvmsg(65536, CMSG_SPACE(4))
    buffer += data
    found = [
        int.from_bytes(content[at : at + 4], 'little')
        for level, kind, content in ancillary
        if level == SOL_SOCKET and kind == SCM_RIGHTS
        for at in range(0, len(content) - len(content) % 4, 4)
    ]
    return len(data), found
