"""What vmctl asks, and what vmd answers (vmd_dispatch_control of usr.sbin/vmd/vmd.c)."""

import errno
import os

from lib.access import may_manage
from lib.params import from_request
from lib.register import Denied, find, register
from lib.start import start
from lib.texts import STOP_INVALID

# What every user with the socket may ask; the rest is root's.
OPEN = ('list', 'start', 'stop', 'wait', 'pause', 'unpause')


def answer(vmd, request, uid, descriptor, reply):
    """Calls `reply` with the answer, now or when the thing has happened."""
    what = request['do']
    if what not in OPEN and uid != 0:
        vmd.log('denied request %s from uid %d' % (what, uid))
        reply({'fail': errno.EPERM})
        return
    if what != 'list':
        # Not vmd's own: so that a test can see that a request has come.
        vmd.log('asked %s %s by uid %d' % (what, request.get('name') or request.get('id', ''), uid))
    _ANSWERS[what](vmd, request, uid, descriptor, reply)


def _list(vmd, request, uid, descriptor, reply):
    rows = [machine.row() for machine in vmd.machines]
    reply({'machines': [row for row in rows if row['running']] + [row for row in rows if not row['running']]})


def _start(vmd, request, uid, descriptor, reply):
    params = from_request(request, uid, descriptor)
    said = params['flags'] | ({'instance'} if params['parent'] else set())
    try:
        machine = register(vmd, params, uid)
    except Denied as denied:
        machine = _again(vmd, denied, said, params)
        if machine is None:
            if descriptor >= 0:
                os.close(descriptor)
            reply({'result': denied.code})
            return
    code = start(vmd, machine, machine.params['uid'])
    reply({'result': code, 'id': machine.id, 'tty': machine.tty.name if machine.tty and not code else ''})


def _again(vmd, denied, said, params):
    """The machine of vm.conf that is to be started as it is configured; from 7.3 on with another kernel, if one is given."""
    machine = denied.machine
    if machine is None or denied.code != errno.EALREADY or machine.running:
        return None
    may_differ = {'kernel'} if vmd.has['kernel_passed'] else set()
    if said - may_differ:
        return None
    if params['kernel_fd'] >= 0:
        if machine.kernel_fd >= 0:
            os.close(machine.kernel_fd)
        machine.kernel_fd = params['kernel_fd']
    return machine


def _target(vmd, request, uid, force):
    """(machine, 0) or (None, code)"""
    by_id = request['id'] != 0
    machine = find(vmd, request['id'], '' if by_id else request['name'])
    if machine is None:
        return None, errno.ENOENT
    if not by_id or vmd.has['checks_state_by_id']:
        if machine.stopping and not force:
            return None, errno.EALREADY
        if not machine.running:
            return None, errno.EINVAL
    if not may_manage(vmd.people, (machine.params['uid'], machine.params['gid']), uid, machine):
        return None, errno.EPERM
    return machine, 0


def _stop(vmd, request, uid, descriptor, reply):
    force, wait = request['force'], request['wait']
    machine, code = _target(vmd, request, uid, force)
    if machine is None:
        reply({'result': code, 'id': 0})
        return
    if not machine.running:
        reply({'result': STOP_INVALID, 'id': machine.id})
        return
    done = {'result': 0, 'id': machine.id, 'forced': force and vmd.has['force_waits']}
    if wait or (force and vmd.has['force_waits']):
        machine.waiters.append(lambda: reply(done))
    else:
        reply(done)
    if force:
        machine.force()
    elif not machine.stopping:
        machine.shut_down()


def _wait(vmd, request, uid, descriptor, reply):
    machine, code = _target(vmd, request, uid, False)
    if machine is None:
        reply({'result': code, 'id': 0})
        return
    machine.waiters.append(lambda: reply({'result': 0, 'id': machine.id, 'forced': False}))


def _pause(vmd, request, uid, descriptor, reply):
    id, pausing = request['id'], request['do'] == 'pause'
    if id and vmd.has['pauses_kernel_id']:
        machine = next((one for one in vmd.machines if one.kernel_id == id), None)
    else:
        machine = find(vmd, id, '' if id else request['name'])
    if machine is None:
        reply({'result': errno.ENOENT, 'id': id})
        return
    if not may_manage(vmd.people, (machine.params['uid'], machine.params['gid']), uid, machine):
        reply({'result': errno.EPERM, 'id': machine.id})
        return
    if not machine.running or machine.guest is None:
        reply({'result': errno.ENOENT, 'id': machine.id})
        return

    def done():
        machine.paused = pausing
        vmd.log('%s: %sd vm %d successfully' % (machine.name, request['do'], machine.id))
        reply({'result': 0, 'id': machine.id})

    (machine.guest.pause if pausing else machine.guest.go_on)(done)


def _reload(vmd, request, uid, descriptor, reply):
    reply({} if vmd.reload(request.get('file')) else {'fail': 0})


def _reset(vmd, request, uid, descriptor, reply):
    vmd.reset(request['what'])
    reply({})


def _log(vmd, request, uid, descriptor, reply):
    reply({})


def _unsupported(vmd, request, uid, descriptor, reply):
    reply({'fail': errno.ENOTSUP})


_ANSWERS = {'list': _list, 'start': _start, 'stop': _stop, 'wait': _wait, 'pause': _pause, 'unpause': _pause}
_ANSWERS.update({'load': _reload, 'reload': _reload, 'reset': _reset, 'log': _log})
_ANSWERS.update({'send': _unsupported, 'receive': _unsupported})
