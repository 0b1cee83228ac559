"""One VM: its state, and what happens to it from its start to its end."""

import os
import time

from lib.addresses import address_of
from lib.dhcp import Answerer
from lib.frames import Frames
from lib.qemu import Nobody, Qemu

_QUICK_LIMIT = 3


class Machine:
    def __init__(self, vmd, params, id):
        self.vmd, self.params, self.id = vmd, params, id
        self.name = params['name']
        self.from_config = self.disabled = self.waiting = False
        self.running = self.stopping = self.paused = False
        self.uid, self.tty, self.guest, self.pid, self.kernel_id = 0, None, None, 0, 0
        self.taps, self.answerers, self.locks = [], [], []
        self.kernel_fd = params['kernel_fd']
        self.waiters = []
        self._started_at = None
        self._quick = 0
        self._timers = []
        # Stops the timer of a stop -f.
        self._forced = None

    # Starting again and again

    def is_too_quick(self):
        """Counts a start; whether there were too many shortly after one another (config_setvm)."""
        now = time.monotonic()
        if self._started_at is not None:
            within = now - self._started_at < self.vmd.times['quick']
            self._quick = self._quick + 1 if within else 0
            if self._quick >= _QUICK_LIMIT:
                self.vmd.log('config_setvm: vm %d restarted too quickly' % self.id)
                return True
        self._started_at = now
        return False

    # The guest

    def begin(self, spec):
        vmd = self.vmd
        log = os.path.join(vmd.run, 'vm%d.log' % self.id)
        if vmd.guests == 'none':
            self.guest = Nobody(vmd.loop, log, vmd.says, self.tty.write, self._ended)
        else:
            self.guest = Qemu(vmd.loop, vmd.qemu, spec, log, vmd.times['boot'], self.tty.write, self._ended)
        self.pid = self.guest.pid
        self.running = True
        vmd.kernel_ids += 1
        self.kernel_id = vmd.kernel_ids
        for index, (tap, nic) in enumerate(zip(self.taps, self.params['nics'])):
            host, guest = (address_of(vmd.prefix, self.id, index, is_guest) for is_guest in (False, True))
            # Not vmd's own: a test that plays the guest has to know its address.
            vmd.log('vm%d-if%d guest %s' % (self.id, index, nic['mac'].hex(':')))
            if vmd.guests == 'none':
                path = os.path.join(vmd.run, 'vm%d-if%d' % (self.id, index))
                self.answerers.append(Frames(vmd.loop, tap, path))
            if nic['local'] and host is not None:
                name = self.name if self.params['boot'] == 'net' else None
                self.answerers.append(Answerer(vmd.loop, tap.name, nic['mac'], host, guest, name))
        # vmd answers before it does this.
        self._later('taps', self._configure)

    def _later(self, which, call):
        self._timers.append(self.vmd.loop.after(self.vmd.times[which], call))

    def _configure(self):
        for index, (tap, nic) in enumerate(zip(self.taps, self.params['nics'])):
            address = None
            if nic['local']:
                address = address_of(self.vmd.prefix, self.id, index, False)
                if address is None:
                    self.vmd.log('dhcp address range exceeded')
                    self.vmd.log('%s: failed to configure vm' % self.name)
                    self.kill()
                    return
            if nic['switch'] and nic['switch'] not in self.vmd.switches:
                self.vmd.log('switch "%s" not found' % nic['switch'])
            description = ('vm%d-if%d-%s' % (self.id, index, self.name))[:63]
            try:
                tap.configure(description, address, not nic.get('down'))
            except OSError as error:
                self.vmd.log('%s: %s' % (tap.name, error.strerror))
        self.vmd.write_groups()
        self.vmd.log(self.vmd.has['started_line'](self.name, self.id, self.tty.name))

    def typed(self, data):
        if self.guest is not None:
            self.guest.type(data)

    # Ending

    def shut_down(self):
        """Asks through the driver; without one the power is cut at once, and a guest that does not end is killed."""
        self.stopping = True
        guest = self.guest

        def ask(listens):
            if guest is not self.guest or not self.running:
                return
            if not listens:
                guest.kill()
                return
            guest.press()
            self._later('answer' if self.paused else 'stop', self.kill)

        guest.listens(ask)

    def kill(self):
        self.stopping = True
        if self.guest is not None:
            self.guest.kill()

    def force(self):
        """stop -f: at once, but for a process that does not heed SIGTERM where that is what it gets first."""
        self.stopping = True
        if not (self.vmd.has['force_asks'] and self.vmd.deaf):
            return self.kill()
        if self._forced is not None:
            self._forced()
        self._forced = self.vmd.loop.after(self.vmd.times['force'], self.kill)
        self._timers.append(self._forced)

    def _ended(self, how):
        vmd = self.vmd
        if how == 'off' and not self.stopping:
            # The guest's driver tells of the halt, and the VM stays for some seconds more.
            self.stopping = True
            self.guest = None
            self._later('halt', lambda: self._over(False))
            return
        self.guest = None
        self._over(how == 'reset' and not self.stopping)

    def _over(self, again):
        if again and not self.params['boot']:
            self.let_go(keep_tty=True)
            self.tell_waiters()
            self.vmd.start_again(self)
            return
        self.terminate()

    def terminate(self):
        self.let_go(keep_tty=False)
        if not self.from_config and self in self.vmd.machines:
            self.vmd.machines.remove(self)
        self.tell_waiters()

    def tell_waiters(self):
        waiters, self.waiters = self.waiters, []
        for tell in waiters:
            tell()

    def let_go(self, keep_tty, at_once=False):
        self.running = self.stopping = self.paused = self.waiting = False
        for cancel in self._timers:
            cancel()
        self._timers = []
        self._forced = None
        if self.guest is not None:
            self.guest.end_now()
            self.guest = None
        for answerer in self.answerers:
            answerer.close()
        for tap in self.taps:
            tap.close()
        for descriptor in self.locks:
            os.close(descriptor)
        had_taps = bool(self.taps)
        self.answerers, self.taps, self.locks = [], [], []
        if self.kernel_fd >= 0:
            os.close(self.kernel_fd)
            self.kernel_fd = -1
        if not keep_tty:
            if self.tty is not None:
                (self.tty.close_now if at_once else self.tty.close)()
                self.tty = None
            self.uid = 0
        if had_taps:
            self.vmd.write_groups()

    def row(self):
        """What vmctl status shows of it."""
        uid, gid = (self.uid if self.running else self.params['uid']), self.params['gid']
        return {
            'id': self.id,
            'name': self.name,
            'pid': self.pid if self.running else 0,
            'cpus': self.params['cpus'] or 1,
            'memory': self.params['memory'],
            'resident': self.guest.resident() if self.guest is not None else 0,
            'tty': self.tty.name if self.tty is not None and self.running else '',
            'owner': self.vmd.people.owner_text(uid, gid),
            'paused': self.paused,
            'waiting': self.waiting,
            'stopping': self.stopping,
            'running': self.running,
        }
