"""A vm block of vm.conf(5). What it is read by, word for word, is Conf's."""

import os

from lib.disk_type import disk_type
from lib.params import new_params
from lib.texts import scan_scaled

_FLAGS = {'boot': 'kernel', 'memory': 'memory', 'interface': 'network', 'disk': 'disk', 'cdrom': 'cdrom'}
_FLAGS['instance'] = 'instance'
_MOST_CPUS = 64
_NICS = 4


class MachineBlock:
    def machine(self):
        name = self.text()
        params = new_params()
        if self.take('instance'):
            params['parent'], name = name, self.text()
        if len(os.fsencode(name)) >= 64:
            self.fail('vm name too long')
        params['name'] = name
        state = {'disabled': False, 'count': 0}

        self.block(lambda: self.machine_option(params, state))
        params['nics'] += [dict(switch='') for _ in range(state['count'] - len(params['nics']))]
        self.machines.append((params, state['disabled'], self.words[self.at - 1][2]))

    def machine_option(self, params, state):
        word = self.need(
            *(('cpus',) if self.has['has_cpus'] else ()),
            *('allow', 'boot', 'cdrom', 'enable', 'disable', 'disk', 'local', 'interface'),
            *('interfaces', 'memory', 'owner', 'sev', 'seves'),
        )
        if word in ('enable', 'disable'):
            state['disabled'] = word == 'disable'
        elif word == 'disk':
            self.disk(params)
        elif word in ('local', 'interface'):
            if word == 'local':
                self.need('interface')
            params['nics'].append(self.interface(word == 'local', params))
            params['flags'].add('network')
        elif word == 'interfaces':
            if params['nics'] or state['count']:
                self.fail('interfaces specified more than once')
            state['count'] = self.number()
            if state['count'] > _NICS:
                self.fail('too many interfaces: %d' % state['count'])
            params['flags'].add('network')
        elif word == 'memory':
            self.memory(params)
        elif word == 'cpus':
            params['cpus'] = self.number()
            if not 1 <= params['cpus'] <= _MOST_CPUS:
                self.fail('invalid number of cpus: %d' % params['cpus'])
            params['flags'].add('cpus')
        elif word == 'owner':
            params['uid'], params['gid'] = self.owner()
        elif word == 'boot' and self.take('device'):
            params['boot'] = self.need('cdrom', 'disk', 'net')
        elif word == 'boot':
            if params['kernel']:
                self.fail('kernel specified more than once')
            try:
                params['kernel'] = os.path.realpath(self.text(), strict=True)
            except OSError as error:
                self.fail('kernel path not found: %s' % error.strerror)
            params['flags'].add('kernel')
        elif word == 'cdrom':
            if params['cdrom']:
                self.fail('cdrom specified more than once')
            params['cdrom'] = self.text()
            params['flags'].add('cdrom')
        elif word == 'allow':
            self.allow(params)

    def disk(self, params):
        kind, path = disk_type(self.text())
        if self.take('format'):
            kind = self.text()
            if kind not in ('raw', 'qcow2'):
                self.fail('unrecognized disk format %s' % kind)
        if len(params['disks']) >= 4:
            self.fail('failed to parse disks: %s' % path)
        params['disks'].append((kind, path))
        params['flags'].add('disk')

    def memory(self, params):
        if params['memory']:
            self.fail('memory specified more than once')
        said = self.text()
        try:
            params['memory'] = scan_scaled(said) // (1 << 20) * (1 << 20)
        except OSError:
            params['memory'] = 0
        if params['memory'] == 0:
            self.fail('failed to parse size: %s' % said)
        params['flags'].add('memory')

    def interface(self, local, params):
        if len(params['nics']) >= _NICS:
            self.fail('too many interfaces: %d' % (len(params['nics']) + 1))
        nic = {'local': local, 'switch': '', 'group': '', 'mac': b'', 'tap': ''}
        options = ('group', 'locked', 'lladdr', 'rdomain', 'switch', 'up', 'down')
        name = self.optional_text(*options)
        if name:
            if name != 'tap' and not (name.startswith('tap') and name[3:].isdigit()):
                self.fail('invalid interface: %s' % name)
            nic['tap'] = '' if name == 'tap' else name
        if self.take('{'):
            self.newlines()
            while self.take('}') is None:
                self.interface_option(nic, options)
                self.newlines()
        else:
            while self.here()[1] in options:
                self.interface_option(nic, options)
                self.take(',')
        return nic

    def interface_option(self, nic, options):
        word = self.need(*options)
        if word == 'locked':
            self.need('lladdr')
            word = 'lladdr'
        if word == 'lladdr':
            said = self.optional_text(*options)
            if said:
                try:
                    nic['mac'] = bytes(int(part, 16) for part in said.split(':'))
                except ValueError:
                    nic['mac'] = b''
                if len(nic['mac']) != 6:
                    self.fail('invalid address: %s' % said)
        elif word == 'switch':
            nic['switch'] = self.text()
        elif word == 'group':
            nic['group'] = self.group_name()
        elif word == 'rdomain':
            self.number()
        elif word in ('up', 'down'):
            nic['down'] = word == 'down'

    def allow(self, params):
        self.need('instance')
        braces = self.take('{')
        while True:
            while braces and (self.take('\n') or self.take(',')):
                pass
            if braces and self.take('}'):
                return
            word = self.need(*_FLAGS, *(('cpus',) if self.has['has_cpus'] else ()), 'owner')
            if word == 'owner':
                params['instance_uid'], params['instance_gid'] = self.owner()
            else:
                params['allowed'].add(_FLAGS.get(word, word))
            if not braces:
                return
