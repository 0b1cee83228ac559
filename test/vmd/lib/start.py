"""Starting a VM that is known: what is opened, in which order, and what is answered when it cannot be (config_setvm)."""

import errno
import fcntl
import os

from lib import bundle, qcow2
from lib.access import may_use
from lib.tap import open_tap
from lib.texts import BIOS_MISSING, CDROM_MISSING, DISK_MISSING, fmt_scaled
from lib.tty import Tty


class Failed(Exception):
    def __init__(self, code):
        self.code = code


def start(vmd, machine, uid):
    """0, or the code that is answered. A machine that could not be started is gone, or stopped if it is vm.conf's."""
    if machine.running:
        vmd.log('config_setvm: vm is already running')
        return errno.EALREADY
    over = limit_of(vmd, machine)
    if over:
        vmd.log('user %d %s limit reached' % (machine.params['uid'], over))
        return fail(vmd, machine, errno.EPERM)
    if machine.is_too_quick():
        if vmd.has['keeps_too_quick']:
            return errno.EPERM
        return fail(vmd, machine, errno.EPERM)
    machine.uid = uid
    try:
        kernel = open_kernel(vmd, machine, uid)
        open_cdrom(vmd, machine, uid)
        why = open_disks(vmd, machine, uid)
        open_taps(vmd, machine)
        if machine.tty is None:
            try:
                machine.tty = Tty(vmd.loop, vmd.ttys, uid, machine.params['gid'], vmd.people, machine.typed)
            except OSError as error:
                vmd.log("config_setvm: can't open tty: %s" % error.strerror)
                raise Failed(error.errno or errno.EIO)
        take_memory(vmd, machine)
        begin(vmd, machine, kernel)
    except Failed as failed:
        return fail(vmd, machine, failed.code)
    if why is not None:
        # The VM's own process finds this out, when the start has been answered.
        vmd.log('%s: %s' % (machine.name, why))
        machine.guest.kill()
    return 0


def fail(vmd, machine, code):
    vmd.log('failed to start vm %s' % machine.name)
    machine.let_go(keep_tty=False)
    if not machine.from_config and machine in vmd.machines:
        vmd.machines.remove(machine)
    return code


def limit_of(vmd, machine):
    """Which limit of an ordinary user this start would pass, to 7.2."""
    if vmd.has['user_limits'] is None or machine.params['uid'] == 0:
        return None
    cpus, megabytes, nics = vmd.has['user_limits']
    same = [other for other in vmd.machines if other.params['uid'] == machine.params['uid']]
    used = [other for other in same if other.running] + [machine]
    if len(used) > cpus:
        return 'cpu'
    if sum(other.params['memory'] >> 20 for other in used) > megabytes:
        return 'memory'
    return 'interface' if sum(len(other.params['nics']) for other in used) > nics else None


def open_file(vmd, path, flags, code, said):
    try:
        return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        vmd.log('%s: %s' % (said, error.strerror))
        raise Failed(code if code is not None else error.errno)


def open_kernel(vmd, machine, uid):
    """The descriptor of the kernel to boot, or -1 for the firmware."""
    params = machine.params
    if machine.kernel_fd >= 0:
        return machine.kernel_fd
    path = params['kernel_path']
    if path:
        said = "config_setvm: can't open kernel or BIOS boot image %s" % path
        descriptor = machine.kernel_fd = open_file(vmd, path, os.O_RDONLY, None, said)
        if not may_use(vmd.people, descriptor, 'kernel' in params['checked'], uid, writes=False):
            vmd.log('vm "%s" no read access to kernel %s' % (machine.name, path))
            raise Failed(errno.EPERM)
        return descriptor
    if not vmd.has_bios:
        vmd.log("can't open /etc/firmware/vmm-bios: No such file or directory")
        raise Failed(BIOS_MISSING)
    return -1


def open_cdrom(vmd, machine, uid):
    path = machine.params['cdrom']
    if not path:
        return
    descriptor = open_file(vmd, path, os.O_RDONLY, CDROM_MISSING, "can't open cdrom %s" % path)
    machine.locks.append(descriptor)
    if not may_use(vmd.people, descriptor, 'cdrom' in machine.params['checked'], uid, writes=False):
        vmd.log('vm "%s" no read access to cdrom %s' % (machine.name, path))
        raise Failed(errno.EPERM)


def open_disks(vmd, machine, uid):
    """Opens and locks them; gives what the VM's process will die of, or None."""
    lost = -1 if vmd.has['loses_disk_errno'] else None
    why = None
    for kind, top in machine.params['disks']:
        path, chain = top, []
        while len(chain) < qcow2.CHAIN:
            descriptor = open_file(
                vmd, path, os.O_RDONLY if chain else os.O_RDWR, DISK_MISSING, "can't open disk %s" % top
            )
            machine.locks.append(descriptor)
            chain.append(descriptor)
            if len(chain) == 1:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    vmd.log("can't open disk %s: Resource temporarily unavailable" % top)
                    raise Failed(DISK_MISSING)
            if not may_use(vmd.people, descriptor, 'disk' in machine.params['checked'], uid, len(chain) == 1):
                vmd.log('vm "%s" unable to access disk %s' % (machine.name, path))
                raise Failed(lost or errno.EPERM)
            if kind == 'raw':
                break
            try:
                path = qcow2.base_of(descriptor, path)
            except qcow2.Refused as refused:
                vmd.log(str(refused))
                vmd.log('vm "%s" unable to read base for disk %s' % (machine.name, top))
                raise Failed(lost or errno.EINVAL)
            if not path:
                break
        if kind == 'qcow2':
            why = why or qcow2.refusal(chain) or ('too many bases for disk' if path else None)
    return why


def open_taps(vmd, machine):
    for nic in machine.params['nics'] if vmd.has_taps else []:
        try:
            machine.taps.append(open_tap(vmd.nodes, nic['tap'], nic['group']))
        except OSError as error:
            vmd.log("config_setvm: can't open /dev/tap: %s" % error.strerror)
            raise Failed(error.errno)
    if machine.taps:
        vmd.write_groups()


def take_memory(vmd, machine):
    wanted = machine.params['memory']
    if wanted > vmd.data_limit:
        vmd.log('could not allocate guest memory (data limit is %s)' % fmt_scaled(vmd.data_limit))
        raise Failed(errno.ENOMEM)
    used = sum(other.params['memory'] for other in vmd.machines if other.running)
    if vmd.memory is not None and used + wanted > vmd.memory:
        vmd.log('could not allocate guest memory')
        raise Failed(errno.ENOMEM)


def begin(vmd, machine, kernel):
    params = machine.params
    unpacked = None
    if kernel >= 0 and vmd.guests != 'none':
        unpacked = bundle.unpack(kernel, params['kernel'], os.path.join(vmd.run, 'kernels'))
    spec = {key: params[key] for key in ('name', 'memory', 'disks', 'cdrom', 'boot')}
    spec['cpus'] = params['cpus'] or 1
    spec['nics'] = [(tap.descriptor, nic['mac']) for tap, nic in zip(machine.taps, params['nics'])]
    spec['kernel'] = unpacked
    try:
        machine.begin(spec)
    except OSError as error:
        vmd.log('%s: failed to start vm: %s' % (machine.name, error))
        raise Failed(errno.EIO)
    if vmd.has['kernel_passed'] and machine.kernel_fd >= 0:
        # From 7.3 on the passed kernel is for the first boot.
        os.close(machine.kernel_fd)
        machine.kernel_fd = -1
