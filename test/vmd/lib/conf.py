"""vm.conf(5): global settings, switches and vm blocks (usr.sbin/vmd/parse.y)."""

import ipaddress
import os

from lib.conf_words import ConfError, words_of
from lib.params import new_params
from lib.texts import scan_scaled

_FLAGS = {'boot': 'kernel', 'memory': 'memory', 'interface': 'network', 'disk': 'disk', 'cdrom': 'cdrom'}
_FLAGS['instance'] = 'instance'
_NICS = 4


class Conf:
    """What a file says. machines: [(params, disabled)], in order."""

    def __init__(self, people, path):
        self.people = people
        self.words = words_of(path, {})
        self.at = 0
        self.socket_owner = None
        self.prefix = None
        self.stagger = None
        self.switches = {}
        self.machines = []
        while self.at < len(self.words):
            if self.take('\n') is None:
                self.statement()

    def here(self):
        return self.words[min(self.at, len(self.words) - 1)]

    def fail(self, text='syntax error'):
        raise ConfError('%s: %s' % (self.here()[2], text))

    def take(self, *values):
        """The next word, if it is one of these (never a quoted one)."""
        if self.at < len(self.words):
            kind, value, _ = self.words[self.at]
            if kind != 'string' and value in values:
                self.at += 1
                return value
        return None

    def need(self, *values):
        return self.take(*values) or self.fail()

    def text(self):
        """A word or a string."""
        if self.at >= len(self.words) or self.words[self.at][0] not in ('word', 'string'):
            self.fail()
        self.at += 1
        return self.words[self.at - 1][1]

    def optional_text(self, *keywords):
        kind, value, _ = self.here()
        return self.text() if kind == 'string' or (kind == 'word' and value not in keywords) else None

    def number(self):
        text = self.text()
        return int(text) if text.isdigit() else self.fail()

    def end_of_line(self):
        if self.at < len(self.words) and self.words[self.at][0] != '}' and self.take('\n') is None:
            self.fail()

    def newlines(self):
        while self.take('\n'):
            pass

    def block(self, each):
        """{ each NEWLINE each ... }"""
        self.need('{')
        self.newlines()
        while self.take('}') is None:
            each()
            self.end_of_line()
            self.newlines()

    def statement(self):
        word = self.need('local', 'socket', 'staggered', 'switch', 'vm', 'agentx')
        if word == 'local':
            self.local()
        elif word == 'socket':
            self.need('owner')
            uid, gid = self.owner()
            self.socket_owner = (uid, 0 if gid == -1 else gid)
        elif word == 'staggered':
            self.need('start')
            self.need('parallel')
            parallel = self.number()
            self.need('delay')
            self.stagger = (parallel, self.number())
        elif word == 'agentx':
            while self.here()[0] not in '\n':
                self.at += 1
        elif word == 'switch':
            self.switch()
        else:
            self.machine()
        self.end_of_line()

    def local(self):
        if self.take('inet6'):
            if self.take('prefix'):
                self.text()
            return
        self.need('prefix')
        said = self.text()
        try:
            self.prefix = ipaddress.IPv4Network(said, strict=False)
        except ValueError:
            self.fail('invalid local prefix: %s' % said)

    def owner(self):
        """[user][:group], or a number: (uid, gid or -1)"""
        said = self.text()
        if said.isdigit():
            return int(said), -1
        user, colon, group = said.partition(':')
        uid, gid = 0, -1
        if user:
            uid = self.people.user(user)
            if uid is None:
                self.fail('failed to get user: %s' % user)
        if colon and group:
            gid = self.people.group(group)
            if gid is None:
                self.fail('failed to get group: %s' % group)
        return uid, gid

    def group_name(self):
        name = self.text()
        if len(name) >= 16 or name[-1:].isdigit():
            self.fail('invalid group name: %s' % name)
        return name

    def switch(self):
        name = self.text()
        facts = {'interface': '', 'group': ''}

        def option():
            word = self.need('interface', 'group', 'locked', 'rdomain', 'up', 'down', 'enable', 'disable')
            if word == 'interface':
                facts['interface'] = self.text()
                if not facts['interface'].startswith(('bridge', 'veb')):
                    self.fail('invalid switch interface: %s' % facts['interface'])
            elif word == 'group':
                facts['group'] = self.group_name()
            elif word == 'locked':
                self.need('lladdr')
            elif word == 'rdomain':
                self.number()

        self.block(option)
        if not facts['interface']:
            self.fail('switch "%s" is missing interface name' % name)
        self.switches[name] = facts

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
        from lib.disk_type import disk_type

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
            word = self.need(*_FLAGS, 'owner')
            if word == 'owner':
                params['instance_uid'], params['instance_gid'] = self.owner()
            else:
                params['allowed'].add(_FLAGS[word])
            if not braces:
                return
