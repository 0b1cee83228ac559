"""vmd(8) itself: what it has read, what it runs, and its life."""

import argparse
import json
import os
import signal
import sys
import time

from lib import place
from lib.addresses import DEFAULT_PREFIX
from lib.conf import Conf
from lib.conf_words import ConfError
from lib.control import Control
from lib.loop import Loop
from lib.machine import Machine
from lib.people import People
from lib.register import Denied, register
from lib.release import features
from lib.requests import answer
from lib.start import start
from lib.texts import strerror
from lib.tty import release_dangling

# Seconds, as on OpenBSD but for `halt`. What vmd takes from its answer to the interfaces is `taps`, and to the guest's first
# instruction `boot`.
TIMES = {'boot': 0, 'taps': 0.05, 'answer': 3, 'stop': 120, 'halt': 0.1, 'force': 10, 'quick': 6, 'stagger': 30}


class Vmd:
    def __init__(self, settings):
        self.has = features(settings['release'])
        self.people = People(settings.get('users', {}))
        self.run = settings['run']
        self.conf_path = settings['conf']
        self.guests = settings.get('guests', 'qemu')
        self.says = settings.get('says', '')
        self.deaf = settings.get('deaf', False)
        self.qemu = settings.get('qemu', 'qemu-system-x86_64')
        self.nodes = settings.get('taps', 4)
        self.has_taps = settings.get('hasTaps', True)
        self.has_bios = settings.get('hasBios', True)
        self.ttys = settings.get('ttys', '/dev')
        self.data_limit = settings.get('dataLimit', 16 << 30)
        self.memory = settings.get('memory')
        self.times = {**TIMES, **settings.get('times', {})}
        self.last_id = settings.get('firstId', 1) - 1
        self.kernel_ids = 0
        self.machines, self.known, self.switches = [], {}, {}
        self.prefix = DEFAULT_PREFIX
        self.stagger = None
        self.loop = Loop()
        self.control = None
        self._log = open(settings['log'], 'a', buffering=1, encoding='utf-8')

    def log(self, text):
        self._log.write('%s vmd[%d]: %s\n' % (time.strftime('%H:%M:%S'), os.getpid(), text))

    def new_machine(self, params, id):
        return Machine(self, params, id)

    # vm.conf

    def read_conf(self, path):
        """Adds what the file says. ConfError when it says it badly."""
        conf = Conf(self.people, path, self.has)
        self.switches.update(conf.switches)
        if conf.prefix is not None:
            self.prefix = conf.prefix
        self.stagger = conf.stagger or self.stagger
        for params, disabled, where in conf.machines:
            try:
                machine = register(self, params, 0)
                machine.disabled = disabled
            except Denied as denied:
                if denied.machine is None:
                    raise ConfError('%s: vm "%s" failed: %s' % (where, params['name'], strerror(denied.code)))
                machine = denied.machine
            machine.from_config = True
        return conf.socket_owner or (0, 0)

    def reload(self, path=None):
        """A file named is added; without one everything that does not run is forgotten and the usual file is read."""
        if path is None:
            for machine in [one for one in self.machines if not one.running]:
                machine.let_go(keep_tty=False)
                self.machines.remove(machine)
        try:
            owner = self.read_conf(path or self.conf_path)
        except ConfError as error:
            self.log(str(error))
            return False
        if path is None:
            self.control.chown(owner)
        self.start_enabled()
        return True

    def reset(self, what):
        if what in ('all', 'vms'):
            for machine in list(self.machines):
                machine.from_config = False
                machine.terminate()
            self.known, self.last_id = {}, 0
        if what in ('all', 'switches'):
            self.switches = {}

    def start_enabled(self):
        """Starts what is not disabled, some at a time."""
        waiting = [one for one in self.machines if one.from_config and not one.running and not one.disabled]
        parallel, delay = self.stagger or (os.cpu_count() or 1, self.times['stagger'])
        for machine in waiting:
            machine.waiting = True

        def batch():
            for machine in waiting[:parallel]:
                machine.waiting = False
                if machine in self.machines and not machine.running:
                    start(self, machine, machine.params['uid'])
            del waiting[:parallel]
            if waiting:
                self.loop.after(delay, batch)

        batch()

    def start_again(self, machine):
        start(self, machine, machine.uid)

    def write_groups(self):
        """The groups of the taps, for ifconfig to show."""
        lines = [' '.join([tap.name, *tap.groups]) for machine in self.machines for tap in machine.taps]
        aside = os.path.join(self.run, 'groups.new')
        with open(aside, 'w', encoding='utf-8') as file:
            file.write(''.join(line + '\n' for line in lines))
        os.rename(aside, os.path.join(self.run, 'groups'))

    # Life

    def serve(self, socket_path):
        self.log('startup')
        try:
            owner = self.read_conf(self.conf_path)
        except ConfError as error:
            self.log(str(error))
            self.log('configuration failed')
            sys.stdout.write('%s\n' % error)
            return 1
        release_dangling(self.ttys)
        self.write_groups()
        wake, awake = os.pipe()
        os.set_blocking(awake, False)
        signal.set_wakeup_fd(awake)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self.loop.watch(wake, lambda _: self._signalled(os.read(wake, 64)))
        self.control = Control(self.loop, socket_path, owner, lambda *words: answer(self, *words))
        self.start_enabled()
        sys.stdout.write('ready\n')
        sys.stdout.flush()
        self.loop.run()
        return 0

    def _signalled(self, numbers):
        for number in numbers:
            if number == signal.SIGHUP:
                self.log('vmd_sighdlr: reload requested with SIGHUP')
                self.reload()
            else:
                for machine in list(self.machines):
                    machine.let_go(keep_tty=False, at_once=True)
                self.log('terminating')
                self.loop.stop()


def main():
    parser = argparse.ArgumentParser(prog='vmd', description='vmd(8) of the stand-in, in the foreground')
    parser.add_argument('-n', action='store_true', help='only check the configuration')
    parser.add_argument('-f', metavar='file', help='vm.conf to read')
    said = parser.parse_args()
    settings = json.loads(place.text_of(place.folder() + '/vmd.json'))
    settings['conf'] = said.f or settings['conf']
    if said.n:
        try:
            Conf(People(settings.get('users', {})), settings['conf'], features(settings['release']))
        except ConfError as error:
            sys.stderr.write('%s\n' % error)
            sys.exit(1)
        sys.stderr.write('configuration OK\n')
        sys.exit(0)
    sys.exit(Vmd(settings).serve(settings['socket']))
