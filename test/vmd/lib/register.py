"""Making a VM known: ids, templates and their permissions (vm_register and vm_instance of usr.sbin/vmd/vmd.c)."""

import errno

from lib.access import may_manage, may_say
from lib.params import DEFAULT_MEMORY, full_nic, random_mac
from lib.texts import DISK_MISSING, EPROCLIM, PARENT_INVALID


class Denied(Exception):
    """A request's errno, or one of vmd's own numbers; `machine` is the one that was there before."""

    def __init__(self, code, machine=None):
        self.code = code
        self.machine = machine


def claim_id(vmd, name, uid):
    """The same id for the same name and user, as long as this vmd lives; every new one counts on."""
    key = (name, uid)
    if key not in vmd.known:
        vmd.last_id += 1
        vmd.known[key] = vmd.last_id
    return vmd.known[key]


def find(vmd, id, name):
    for machine in vmd.machines:
        if (name and machine.name == name) or (id and machine.id == id):
            return machine
    return None


def take_from_parent(vmd, params, uid):
    """Checks an instance against its template and fills in what it inherits; gives the template's parameters."""
    name, log = params['name'], vmd.log
    template = find(vmd, 0, params['parent'])
    if template is None:
        raise Denied(PARENT_INVALID)
    parent = template.params
    if not may_manage(vmd.people, (parent['instance_uid'], parent['instance_gid']), uid):
        log('vm "%s" no permission to create vm instance' % name)
        raise Denied(errno.ENAMETOOLONG)
    if find(vmd, params['id'], name) is not None:
        raise Denied(EPROCLIM)

    def refuse(what):
        log('vm "%s" no permission to set %s' % (name, what))
        raise Denied(errno.EPERM)

    params['memory'] = params['memory'] or parent['memory']
    if params['memory'] != parent['memory'] and not may_say(parent, 'memory', uid):
        refuse('memory')
    params['cpus'] = params['cpus'] or parent['cpus']
    if (params['cpus'] or 1) != (parent['cpus'] or 1) and not may_say(parent, 'cpus', uid):
        refuse('cpus')
    if params['disks'] and not may_say(parent, 'disk', uid):
        refuse('disks')
    for _, path in params['disks']:
        if path in [used for _, used in parent['disks']]:
            log('vm "%s" disk %s cannot be reused' % (name, path))
            raise Denied(errno.EBUSY)
        params['checked'].add('disk')
    if params['nics'] and len(params['nics']) != len(parent['nics']) and not may_say(parent, 'network', uid):
        refuse('interfaces')
    take_nics(vmd, params, parent)
    take_kernel(vmd, params, parent, uid, refuse)
    if params['cdrom']:
        if not may_say(parent, 'cdrom', uid):
            refuse('cdrom')
        params['checked'].add('cdrom')
    else:
        params['cdrom'] = parent['cdrom']
    take_owner(vmd, params, parent, uid)
    return parent


def take_nics(vmd, params, parent):
    # What is inherited comes whole, with the hardware address that the template got when it was registered, so
    # instances can have it in common.
    params['nics'] += [dict(nic) for nic in parent['nics'][len(params['nics']) :]]
    for index, nic in enumerate(map(full_nic, params['nics'])):
        same_place = parent['nics'][index]['mac'] if index < len(parent['nics']) else b''
        if parent['nics'] and nic['mac'] and nic['mac'] != same_place:
            vmd.log('vm "%s" lladdr cannot be reused' % params['name'])
            raise Denied(errno.EBUSY)
        if nic['tap'] and nic['tap'] in [other['tap'] for other in parent['nics']]:
            vmd.log('vm "%s" %s cannot be reused' % (nic['tap'], params['name']))
            raise Denied(errno.EBUSY)


def take_kernel(vmd, params, parent, uid, refuse):
    newer = vmd.has['kernel_passed']
    if params['kernel'] or (newer and parent['kernel']):
        if not may_say(parent, 'kernel', uid):
            refuse('boot image')
        params['checked'].add('kernel')
    elif not newer:
        # To 7.2 an instance boots its parent's kernel.
        params['kernel'] = parent['kernel']


def take_owner(vmd, params, parent, uid):
    name = params['name']
    if params['uid'] == 0:
        params['uid'] = parent['uid']
    elif params['uid'] not in (uid, parent['uid']):
        vmd.log('vm "%s" user mismatch' % name)
        raise Denied(errno.EPERM)
    # vmctl sends no group, so this is never the group of a template that has one.
    if params['gid'] == 0:
        params['gid'] = parent['gid']
    elif params['gid'] != parent['gid']:
        vmd.log('vm "%s" group mismatch' % name)
        raise Denied(errno.EPERM)
    params['allowed'] = set()
    params['instance_uid'] = params['instance_gid'] = 0
    if 'instance' in parent['allowed']:
        params['instance_gid'] = parent['instance_gid']
        params['allowed'] = set(parent['allowed'])
        # 7.7 and later copy the group into the user here.
        copies = vmd.has['release'] in ('7.7', 'current')
        params['instance_uid'] = parent['instance_gid'] if copies else parent['instance_uid']


def register(vmd, params, uid):
    """A new machine with its id; Denied where vmd refuses, with the machine when it is there already."""
    parent = take_from_parent(vmd, params, uid) if params['parent'] else None
    there = find(vmd, params['id'], params['name'])
    if there is not None:
        if not may_manage(vmd.people, (there.params['uid'], there.params['gid']), uid, there):
            raise Denied(errno.EPERM, there)
        raise Denied(errno.EALREADY, there)
    owner = (parent['instance_uid'], parent['instance_gid']) if parent else None
    if not may_manage(vmd.people, owner, uid):
        vmd.log('permission denied')
        raise Denied(errno.EPERM)
    if not params['flags']:
        vmd.log('invalid configuration, no devices')
        raise Denied(DISK_MISSING)
    params['memory'] = params['memory'] or DEFAULT_MEMORY
    if len(params['disks']) > 4 or len(params['nics']) > 4:
        vmd.log('invalid number of ' + ('disks' if len(params['disks']) > 4 else 'interfaces'))
        raise Denied(errno.EINVAL)
    if 'kernel' not in params['flags'] and not params['kernel'] and not params['disks'] and not params['cdrom']:
        vmd.log('no kernel or disk/cdrom specified')
        raise Denied(errno.EINVAL)
    if not params['name'] or params['name'][0] in '-._':
        vmd.log('invalid VM name')
        raise Denied(errno.EINVAL)
    params['nics'] = [full_nic(nic) for nic in params['nics']]
    for index, nic in enumerate(params['nics']):
        nic['mac'] = nic['mac'] or random_mac(index)
    # What is opened at every start; a kernel that vmctl has opened itself is no path to vmd.
    params['kernel_path'] = '' if params['kernel_fd'] >= 0 else params['kernel']
    machine = vmd.new_machine(params, claim_id(vmd, params['name'], uid))
    vmd.machines.append(machine)
    return machine
