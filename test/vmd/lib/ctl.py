"""vmctl's commands: what they take and what they say (usr.sbin/vmctl/main.c). Text for people goes to stderr."""

import os
import sys

from lib import place
from lib.release import features
from lib.texts import Exit, errx, getopt, strtonum, warnx

_START = '[-cL] [-B device] [-b path] [-d disk] [-i count]\n\t\t[-m size] [-n switch] %s[-r path] [-t name] id | name'

# Command and usage, in the order of the program's own table, which is that of the alphabet.
_COMMANDS = (
    ('console', 'id'),
    ('create', '[-b base | -i disk] [-s size] disk'),
    ('load', 'filename'),
    ('log', '[brief | verbose]'),
    ('pause', 'id'),
    ('receive', 'name'),
    ('reload', ''),
    ('reset', '[all | switches | vms]'),
    ('send', 'id'),
    ('show', '[id]'),
    ('start', _START % ''),
    ('status', '[-r] [id]'),
    ('stop', '[-fw] [id | -a]'),
    ('unpause', 'id'),
    ('wait', 'id'),
)

# Longer names are cut off by vmd's own structures.
_NAME_LIMIT = 64


def commands(has):
    known = [(name, usage) for name, usage in _COMMANDS if has['has_send'] or name not in ('send', 'receive')]
    return [(name, _START % '[-p cpus] ' if has['has_cpus'] and name == 'start' else usage) for name, usage in known]


def usage(has):
    sys.stderr.write('usage:\tvmctl [-v] command [arg ...]\n')
    if has['long_usage']:
        for name, words in commands(has):
            sys.stderr.write('\tvmctl %s %s\n' % (name, words))
    raise Exit(1)


def command_usage(name):
    has = features(place.settings()[0])
    sys.stderr.write('usage:\tvmctl [-v] %s %s\n' % (name, dict(commands(has))[name]))
    raise Exit(1)


def options(name, words, letters):
    parsed = getopt(words, letters)
    if parsed is None:
        command_usage(name)
    return parsed


def machine_of(word):
    """An id, or a name: (id or 0, name or '')."""
    if word[:1] != '-':
        number = strtonum(word, 0, 0xFFFFFFFF)
        if isinstance(number, int):
            return number, ''
        if len(os.fsencode(word)) < _NAME_LIMIT:
            return 0, word
        warnx('name too long')
    errx('invalid id: %s' % word)


def one_machine(name, words):
    """Of the commands that know no options and take one operand."""
    if len(words) != 1:
        command_usage(name)
    return machine_of(words[0])


def status(talk, name, words):
    found, operands = options(name, words, 'r')
    if len(operands) > 1:
        command_usage(name)
    only = machine_of(operands[0]) if operands else (0, '')
    from lib.ctl_table import print_table

    return print_table(talk.ask({'do': 'list'})['machines'], only, bool(found))


def stop(talk, name, words):
    found, operands = options(name, words, 'afw')
    letters = {letter for letter, _ in found}
    force, wait = 'f' in letters, 'w' in letters
    if 'a' in letters:
        if operands:
            command_usage(name)
        for row in talk.ask({'do': 'list'})['machines']:
            if row['pid']:
                talk.stop((0, row['name']), force, wait)
        return 0
    if len(operands) != 1:
        command_usage(name)
    return talk.stop(machine_of(operands[0]), force, wait)


def simple(talk, request):
    talk.ask(request)
    return 0


def log(talk, name, words):
    word = words[0].lower() if len(words) == 1 else '-'
    if not ('brief'.startswith(word) or 'verbose'.startswith(word)):
        command_usage(name)
    return simple(talk, {'do': 'log', 'verbose': not 'brief'.startswith(word)})


def reset(talk, name, words):
    what = words[0].lower() if words else 'all'
    if len(words) > 1 or what not in ('all', 'vms', 'switches'):
        command_usage(name)
    return simple(talk, {'do': 'reset', 'what': what})


def plain(talk, name, words):
    """The commands that need no parsing of their own."""
    if name == 'load':
        if len(words) != 1:
            command_usage(name)
        return simple(talk, {'do': 'load', 'file': os.path.abspath(words[0])})
    if name == 'reload':
        if words:
            command_usage(name)
        return simple(talk, {'do': 'reload'})
    machine = one_machine(name, words)
    return {'console': talk.console, 'wait': talk.wait}[name](machine) if name in ('console', 'wait') else (
        talk.pause(name, machine) if name in ('pause', 'unpause') else simple(talk, {'do': name})
    )


def run(words):
    release, socket = place.settings()
    has = features(release)
    parsed = getopt(words, 'v')
    if parsed is None or not parsed[1]:
        usage(has)
    asked, *rest = parsed[1]
    matching = [name for name, _ in commands(has) if name.startswith(asked)]
    if len(matching) > 1:
        # The table is walked to the second match, also past a whole word.
        sys.stderr.write('ambiguous argument: %s\n' % asked)
        usage(has)
    if not matching:
        sys.stderr.write('unknown argument: %s\n' % asked)
        usage(has)
    name = matching[0]
    if name == 'create':
        from lib.create import create

        return create(rest)
    from lib.ctl_talk import Talk

    talk = Talk(socket, has)
    if name == 'start':
        from lib.ctl_start import start

        return start(talk, has, rest)
    return {'status': status, 'show': status, 'stop': stop, 'log': log, 'reset': reset}.get(name, plain)(talk, name, rest)


def main():
    try:
        code = run(sys.argv[1:])
    except Exit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
