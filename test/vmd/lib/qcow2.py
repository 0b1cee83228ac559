"""qcow2 as vmd(8) knows it (usr.sbin/vmd/vioqcow2.c): what it writes, and what it takes of what others wrote."""

import os
import struct

MAGIC = b'QFI\xfb'
CLUSTER = 1 << 16
# magic, version, backing offset and size, cluster bits, size, encryption, L1 entries and offset,
# refcount offset and clusters, snapshots and offset, incompatible, compatible, autoclear, refcount order, header length
_HEADER = struct.Struct('>4sIQIIQIIQQIIQQQQII')
# The most images in a chain, the top one included.
CHAIN = 4


class Refused(Exception):
    """An image that vmd does not take; the text is what its log says."""


def read_header(descriptor):
    """The header as a dict; Refused when it is short or of something else."""
    bytes_read = os.pread(descriptor, _HEADER.size, 0)
    if len(bytes_read) < _HEADER.size:
        raise Refused('short read on header')
    names = 'magic version backing_offset backing_size cluster_bits size encryption l1_entries l1_offset'
    names += ' refcount_offset refcount_clusters snapshots snapshot_offset incompatible compatible autoclear'
    names += ' refcount_order header_length'
    header = dict(zip(names.split(), _HEADER.unpack(bytes_read)))
    if header['magic'] != MAGIC:
        raise Refused('invalid magic numbers')
    return header


def base_of(descriptor, path):
    """The real path of the image below, looked for in the folder of this one; '' when there is none."""
    header = read_header(descriptor)
    if header['backing_offset'] == 0:
        return ''
    name = os.pread(descriptor, min(header['backing_size'], 1023), header['backing_offset'])
    if len(name) < header['backing_size']:
        raise Refused('could not read snapshot base name')
    base = os.fsdecode(name)
    # By realpath(3), as virtio_qcow2_get_base does; what is not there is found out when it is opened.
    return os.path.realpath(base if base.startswith('/') else os.path.join(os.path.dirname(path), base))


def node_of(kind, path):
    """A chain as QEMU's programs take it, which look for the images beneath in other places than vmd."""
    if not path:
        return None
    below = None
    if kind == 'qcow2':
        descriptor = os.open(path, os.O_RDONLY)
        try:
            below = node_of(kind, base_of(descriptor, path))
        finally:
            os.close(descriptor)
    node = {'driver': kind, 'file': {'driver': 'file', 'filename': path, 'locking': 'off'}}
    return dict(node, backing=below) if kind == 'qcow2' else node


def refusal(descriptors):
    """Why the VM's own process gives up on this chain: at once, or at its first read; None when it does not."""
    sizes = set()
    for descriptor in descriptors:
        header = read_header(descriptor)
        if header['version'] not in (2, 3):
            return 'unknown qcow2 version %d' % header['version']
        if header['encryption']:
            return 'unsupported encryption method'
        # A version 2 header has no such field: what lies there is read all the same.
        if header['refcount_order'] != 4:
            return 'unsupported refcount size'
        if header['version'] == 3 and header['incompatible'] & ~3:
            return 'unsupported incompatible features %x' % header['incompatible']
        sizes.add(header['cluster_bits'])
        if has_compressed(descriptor, header):
            return 'compressed clusters unsupported'
    if len(sizes) > 1:
        return 'all disks must share clustersize'
    return None


def has_compressed(descriptor, header):
    """Walks the L2 tables for bit 62."""
    entries = header['l1_entries']
    for (offset,) in struct.iter_unpack('>Q', os.pread(descriptor, 8 * entries, header['l1_offset'])):
        place = offset & 0x00FFFFFFFFFFFE00
        if place == 0:
            continue
        table = os.pread(descriptor, 1 << header['cluster_bits'], place)
        # The first byte of each big-endian entry holds bit 62.
        if any(byte & 0x40 for byte in table[:: 8]):
            return True
    return False


def _up(value, unit):
    return (value + unit - 1) // unit * unit


def write_empty(descriptor, size, base=None):
    """An empty image of `size` bytes, as vmctl create lays it out; the base's path is kept as it was said."""
    l1_offset = _up(_HEADER.size, CLUSTER)
    l1_covers = CLUSTER * CLUSTER // 8
    l1_entries = (size + l1_covers - 1) // l1_covers
    refcount_offset = _up(l1_offset + 8 * l1_entries, CLUSTER)
    refcount_covers = CLUSTER * CLUSTER * CLUSTER // 2
    refcount_clusters = (size + refcount_covers - 1) // refcount_covers
    whole = _up(refcount_offset + refcount_clusters * CLUSTER, CLUSTER)
    name = os.fsencode(base) if base else b''
    header = (MAGIC, 3, _HEADER.size if name else 0, len(name), 16, size, 0, l1_entries, l1_offset)
    header += (refcount_offset, refcount_clusters, 0, 0, 0, 0, 0, 4, _HEADER.size)
    os.pwrite(descriptor, _HEADER.pack(*header) + name, 0)
    # One refcount block after the table counts the clusters used so far, itself among them.
    os.ftruncate(descriptor, whole + CLUSTER)
    os.pwrite(descriptor, struct.pack('>Q', whole), refcount_offset)
    used = whole // CLUSTER + 1
    os.pwrite(descriptor, struct.pack('>H', 1) * used, whole)
