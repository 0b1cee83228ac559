"""ifconfig, ifconfig GROUP, ifconfig NAME: the shape that OpenBSD's ifconfig(8) prints."""

import os
import sys

from lib import netlink, place

_SIMPLEX, _MULTICAST = 0x800, 0x8000


def groups_of(folder):
    """Group names by interface, as vmd last wrote them down."""
    try:
        lines = place.text_of(os.path.join(folder, 'groups')).splitlines()
    except FileNotFoundError:
        return {}
    return {words[0]: words[1:] for words in map(str.split, lines) if words}


def flags_of(link):
    up = bool(link['flags'] & netlink.UP)
    if link['name'].startswith('lo'):
        known = ((1, 'UP', up), (8, 'LOOPBACK', True), (0x40, 'RUNNING', up), (_MULTICAST, 'MULTICAST', True))
    else:
        known = ((1, 'UP', up), (2, 'BROADCAST', True), (0x40, 'RUNNING', up))
        known += ((_SIMPLEX, 'SIMPLEX', True), (_MULTICAST, 'MULTICAST', True))
    number = sum(bit for bit, _, is_set in known if is_set)
    return '%x<%s>' % (number, ','.join(word for _, word, is_set in known if is_set))


def show(link, groups):
    lines = ['%s: flags=%s mtu %d' % (link['name'], flags_of(link), link['mtu'])]
    if not link['name'].startswith('lo') and link['mac']:
        lines.append('\tlladdr ' + ':'.join('%02x' % byte for byte in link['mac']))
    if link['alias']:
        lines.append('\tdescription: ' + link['alias'])
    lines.append('\tindex %d priority 0 llprio 3' % link['index'])
    if groups:
        lines.append('\tgroups: ' + ' '.join(groups))
    if not link['name'].startswith('lo'):
        lines.append('\tstatus: ' + ('active' if link['flags'] & netlink.RUNNING else 'no carrier'))
    for address, length in link['inet']:
        lines.append('\tinet %s netmask 0x%08x' % (address, (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF))
    return '\n'.join(lines) + '\n'


def main():
    words = [word for word in sys.argv[1:] if word not in ('-a', '-A')]
    groups = groups_of(place.word(place.text_of(place.folder() + '/vmd.json'), 'run'))
    found = []
    for link in netlink.interfaces():
        own = groups.get(link['name'], ['tap'] if link['name'].startswith('tap') else [])
        own = ['lo'] if link['name'].startswith('lo') else own
        if not words or words[0] == link['name'] or words[0] in own:
            found.append(show(link, own))
    if len(words) > 1:
        sys.stderr.write('ifconfig: the stand-in shows interfaces and changes none\n')
        os._exit(1)
    if words and not found:
        sys.stderr.write('ifconfig: %s: no such interface\n' % words[0])
        os._exit(1)
    sys.stdout.write(''.join(found))
    sys.stdout.flush()
    os._exit(0)
