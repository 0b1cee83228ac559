"""vm.conf(5): global settings and switches (usr.sbin/vmd/parse.y); conf_machine.py has the vm blocks."""

import ipaddress

from lib.conf_machine import MachineBlock
from lib.conf_words import ConfError, words_of


class Conf(MachineBlock):
    """What a file says. machines: [(params, disabled)], in order."""

    def __init__(self, people, path, has):
        self.people = people
        self.has = has
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
