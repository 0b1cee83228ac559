"""A guest behind a VM: QEMU, its serial line and its control socket."""

import json
import os
import socket

from lib import qcow2
from lib.child import Child
from lib.qmp import Qmp

# Enable bits of q35's fixed ACPI events; bit 8 is the power button's (ICH9: PMBASE 0x600, PM1_EN at 2).
_PM1_ENABLE, _POWER_BUTTON = 0x602, 1 << 8


def _comma(path):
    return path.replace(',', ',,')


def argv(program, spec, serial, control):
    """spec: memory (bytes), disks [(kind, path)], cdrom, kernel (path, initrd, append) or None, nics [(fd, mac)],
    boot ('', 'disk', 'cdrom', 'net')."""
    words = [program, '-name', spec['name'], '-nodefaults', '-no-user-config', '-display', 'none', '-S']
    # It stays when the guest has gone, so that nothing of its last words and of the reason is lost.
    words += ['-no-reboot', '-no-shutdown']
    words += ['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', str(spec['cpus']), '-m', '%dM' % (spec['memory'] >> 20)]
    words += ['-chardev', 'socket,id=serial,fd=%d' % serial, '-serial', 'chardev:serial']
    words += ['-chardev', 'socket,id=control,fd=%d' % control, '-mon', 'chardev=control,mode=control']
    # 0 is taken by QEMU's own loader of kernels.
    first = {'cdrom': 1, 'disk': 2} if spec['boot'] == 'cdrom' else {'disk': 1, 'cdrom': 2}
    for index, (kind, path) in enumerate(spec['disks']):
        # vmd holds the lock. As the host's crash ends the VM anyway, flushes are not passed on.
        drive = dict(qcow2.node_of(kind, path), cache={'no-flush': True})
        words += ['-blockdev', json.dumps(dict(drive, **{'node-name': 'disk%d' % index}))]
        boots = ',bootindex=%d' % first['disk'] if index == 0 else ''
        words += ['-device', 'virtio-blk-pci,drive=disk%d%s' % (index, boots)]
    if spec['cdrom']:
        drive = 'driver=raw,node-name=cdrom,read-only=on,file.driver=file,file.locking=off,file.filename=%s'
        words += ['-blockdev', drive % _comma(spec['cdrom'])]
        words += ['-device', 'ide-cd,drive=cdrom,bus=ide.0,bootindex=%d' % first['cdrom']]
    for index, (descriptor, mac) in enumerate(spec['nics']):
        words += ['-netdev', 'tap,id=nic%d,fd=%d' % (index, descriptor)]
        address = ':'.join('%02x' % byte for byte in mac)
        words += ['-device', 'virtio-net-pci,netdev=nic%d,mac=%s,romfile=' % (index, address)]
    if spec['kernel']:
        kernel, initrd, append = spec['kernel']
        # Real vmd tells the kernel which NIC it was booted from.
        append += ' imaged.netboot' if spec['boot'] == 'net' else ''
        words += ['-kernel', kernel, '-append', append, *(['-initrd', initrd] if initrd else [])]
    return words


class Qemu:
    """`on_output(bytes)`, `on_exit(how)`: how is 'off', 'reset' or 'died'."""

    def __init__(self, loop, program, spec, log, boots_in, on_output, on_exit):
        self._loop = loop
        self._on_output = on_output
        self._on_exit = on_exit
        self._how = None
        self._typed = b''
        self._serial, serial = socket.socketpair()
        control, its_control = socket.socketpair()
        self._serial.setblocking(False)
        descriptors = [serial.fileno(), its_control.fileno(), *(descriptor for descriptor, _ in spec['nics'])]
        words = argv(program, spec, serial.fileno(), its_control.fileno())
        self.child = Child(loop, words, descriptors, log, self._ended)
        self.pid = self.child.pid
        serial.close()
        its_control.close()
        self._qmp = Qmp(loop, control, self._event)
        # Before events are asked for there are none, so the guest waits for that.
        loop.after(boots_in, lambda: self._qmp.execute('cont'))
        loop.watch(self._serial.fileno(), self._spoken)

    def _event(self, name, data):
        # The second is that of quitting. Quitting writes what the guest has written and QEMU still holds, as vmd has it by then.
        if name == 'SHUTDOWN' and self._how is None:
            self._how = {'guest-shutdown': 'off', 'guest-reset': 'reset'}.get(data.get('reason'), 'died')
            self._qmp.execute('quit')

    def _spoken(self, events=0):
        try:
            data = self._serial.recv(16384)
        except BlockingIOError:
            data = None
        except OSError:
            data = b''
        if data:
            self._on_output(data)
        elif data == b'':
            self._loop.forget(self._serial.fileno())
        if self._typed and self._serial.fileno() >= 0:
            self._flush()
        return data

    def type(self, data):
        self._typed += data
        self._flush()

    def _flush(self):
        try:
            self._typed = self._typed[self._serial.send(self._typed) :]
        except BlockingIOError:
            pass
        except OSError:
            self._typed = b''
        try:
            self._loop.want_write(self._serial.fileno(), bool(self._typed))
        except (OSError, ValueError):
            self._typed = b''

    def listens(self, then):
        """Whether the guest heeds the power button."""

        def read(text):
            try:
                then(bool(int(text.split('=')[1].split()[0], 16) & _POWER_BUTTON))
            except (AttributeError, IndexError, ValueError):
                then(False)

        command = {'command-line': 'i /xh 0x%x' % _PM1_ENABLE}
        self._qmp.execute('human-monitor-command', command, read)

    def press(self):
        self._qmp.execute('system_powerdown')

    def pause(self, then):
        self._qmp.execute('stop', None, lambda _: then())

    def go_on(self, then):
        self._qmp.execute('cont', None, lambda _: then())

    def kill(self):
        self.child.kill()

    def resident(self):
        return self.child.resident()

    def end_now(self):
        self.child.end_now()
        self._close()

    def _ended(self, _):
        # The last words are still in the socket.
        while self._spoken():
            pass
        self._qmp.read()
        self._close()
        self._on_exit(self._how or 'died')

    def _close(self):
        self._loop.forget(self._serial.fileno())
        self._serial.close()
        self._qmp.close()


class Nobody:
    """No guest at all: a process that sleeps. It may say a text when it begins, and after every line."""

    def __init__(self, loop, log, says, on_output, on_exit):
        self._says = says.encode()
        self._on_output = on_output
        self.child = Child(loop, ['sleep', 'infinity'], [], log, lambda _: on_exit('died'))
        self.pid = self.child.pid
        if self._says:
            on_output(self._says)

    def type(self, data):
        if self._says and b'\r' in data:
            self._on_output(self._says)

    def listens(self, then):
        then(False)

    def press(self):
        pass

    def pause(self, then):
        then()

    def go_on(self, then):
        then()

    def kill(self):
        self.child.kill()

    def resident(self):
        return self.child.resident()

    def end_now(self):
        self.child.end_now()
