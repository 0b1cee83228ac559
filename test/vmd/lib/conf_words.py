"""vm.conf(5) as words: strings, quotes, comments, continued lines, macros, includes (the lexer of parse.y)."""

import os


class ConfError(Exception):
    """file:line: text, as vmd logs it."""


_SINGLE = '{},=\n'


def _quoted(text, at, quote, where):
    out = []
    while at < len(text):
        char = text[at]
        if char == quote:
            return ''.join(out), at + 1
        if char == '\\' and text[at + 1 : at + 2] in (quote, ' ', '\t'):
            at += 1
            char = text[at]
        elif char == '\\' and text[at + 1 : at + 2] == '\n':
            at += 2
            continue
        out.append(char)
        at += 1
    raise ConfError('%s: unterminated string' % where)


def words_of(path, macros, depth=0):
    """Yields (kind, value, where); kind is 'word', 'string' (quoted) or one of the single characters."""
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read()
    except OSError as error:
        raise ConfError('failed to open %s: %s' % (path, error.strerror))
    if not text.endswith('\n'):
        text += '\n'
    found = []
    at, line = 0, 1
    while at < len(text):
        char, where = text[at], '%s:%d' % (path, line)
        if char == '#':
            at = text.index('\n', at)
            continue
        if char == '\\' and text[at + 1 : at + 2] == '\n':
            at, line = at + 2, line + 1
            continue
        if char in ' \t':
            at += 1
            continue
        if char in _SINGLE:
            found.append((char, char, where))
            at, line = at + 1, line + (char == '\n')
            continue
        if char in '"\'':
            value, end = _quoted(text, at + 1, char, where)
            line += text.count('\n', at, end)
            at = end
            found.append(('string', value, where))
            _set_macro(found, macros)
            continue
        start = at
        while at < len(text) and text[at] not in ' \t#"\'' + _SINGLE:
            at += 1
        value = text[start:at]
        if value.startswith('$'):
            if value[1:] not in macros:
                raise ConfError("%s: macro '%s' not defined" % (where, value[1:]))
            found.append(('string', macros[value[1:]], where))
        else:
            found.append(('word', value, where))
        _set_macro(found, macros)
    return _with_macros(found, path, macros, depth)


def _set_macro(found, macros):
    """A macro is known from its line on, so it is set while the words are found."""
    if len(found) >= 3 and found[-2][0] == '=' and found[-3][0] == 'word':
        macros[found[-3][1]] = found[-1][1]


def _with_macros(found, path, macros, depth):
    out = []
    at = 0
    while at < len(found):
        kind, value, where = found[at]
        begins = not out or out[-1][0] == '\n'
        if begins and at + 2 < len(found) and found[at + 1][0] == '=':
            macros[value] = found[at + 2][1]
            at += 3
            continue
        if begins and kind == 'word' and value == 'include':
            if depth > 15:
                raise ConfError('%s: failed to include file %s' % (where, found[at + 1][1]))
            out += words_of(os.path.join(os.path.dirname(path), found[at + 1][1]), macros, depth + 1)
            at += 2
            continue
        out.append(found[at])
        at += 1
    return out
