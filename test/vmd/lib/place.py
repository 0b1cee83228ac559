"""Where a program finds its vmd: vmd.json in the folder that it was called in, symbolic links not followed."""

import sys
from _json import scanstring


def folder():
    return sys.argv[0].rpartition('/')[0] or '.'


def text_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def word(text, key):
    """One string of the document, without the cost of the json module, which is as much as the rest of a short program."""
    at = text.index('"%s"' % key) + len(key) + 2
    return scanstring(text, text.index('"', text.index(':', at)) + 1, True)[0]


def settings():
    """(release, path of the socket)"""
    text = text_of(folder() + '/vmd.json')
    return word(text, 'release'), word(text, 'socket')
