"""Addresses of local interfaces (vm_priv_addr of usr.sbin/vmd/priv.c)."""

import ipaddress

DEFAULT_PREFIX = ipaddress.IPv4Network('100.64.0.0/10')


def address_of(prefix, id, index, is_guest):
    """prefix | id << 8 | (index + 1) * 2, one more for the guest; None when the prefix has no room for the id."""
    host = (id << 8) + (index + 1) * 2 + (1 if is_guest else 0)
    if host & int(prefix.netmask) or host > 0xFFFFFFFF:
        return None
    return str(ipaddress.IPv4Address(int(prefix.network_address) | host))
