"""What a VM is asked to be (vmop_create_params of usr.sbin/vmd/vmd.h)."""

import os

DEFAULT_MEMORY = 512 << 20


def new_params():
    return {
        'name': '',
        'id': 0,
        # Which things were said: memory, cpus, network, disk, kernel, cdrom.
        'flags': set(),
        'memory': 0,
        # 0: one, or as many as the template has.
        'cpus': 0,
        'disks': [],
        # {local, switch, group, mac, tap}
        'nics': [],
        'kernel': '',
        'kernel_fd': -1,
        'kernel_path': '',
        'cdrom': '',
        'boot': '',
        'parent': '',
        'uid': 0,
        'gid': -1,
        # Who may make instances, and what they may say. Left out it is root and group wheel.
        'allowed': set(),
        'instance_uid': 0,
        'instance_gid': 0,
        # Whose files are looked at with the user's eyes: disk, kernel, cdrom.
        'checked': set(),
    }


def nic_of(net):
    """A NIC as vmctl says it: '.' is local, '' is attached to nothing, else the name of a switch."""
    return {'local': net == '.', 'switch': '' if net == '.' else net, 'group': '', 'mac': b'', 'tap': ''}


def full_nic(nic):
    return {'local': False, 'switch': '', 'group': '', 'mac': b'', 'tap': '', **nic}


def random_mac(index):
    """A guest's hardware address where none is set (vm_register)."""
    return bytes((0xFE, 0xE1, 0xBB, 0xD0 | ((index + 1) & 0xF))) + os.urandom(2)


def from_request(request, uid, kernel_fd):
    """The parameters of a `vmctl start`."""
    params = new_params()
    for key in ('name', 'id', 'memory', 'cpus', 'cdrom', 'boot', 'parent', 'kernel'):
        params[key] = request[key]
    params['disks'] = [tuple(disk) for disk in request['disks']]
    params['nics'] = [nic_of(net) for net in request['nets']]
    params['kernel_fd'] = kernel_fd
    params['uid'] = uid
    said = {'memory': 'memory', 'network': 'nics', 'disk': 'disks', 'kernel': 'kernel', 'cdrom': 'cdrom', 'cpus': 'cpus'}
    params['flags'] = {flag for flag, key in said.items() if params[key]}
    return params
