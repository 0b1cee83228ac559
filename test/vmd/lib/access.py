"""Who may do what: vm_checkperm, vm_checkinsflag and vm_checkaccess of usr.sbin/vmd/vmd.c."""

import os
import stat


def may_manage(people, owner, uid, machine=None):
    """Whether `uid` may act for `owner` (uid, gid), or on this machine of that owner; None owns nothing."""
    if uid == 0:
        return True
    if owner is None:
        return False
    owner_uid, owner_gid = owner
    # Of a running VM who started it counts, and that can be somebody else than the configured owner.
    if (machine.uid if machine is not None and machine.running else owner_uid) == uid:
        return True
    return owner_gid != -1 and owner_gid in people.groups_of(uid)


def may_say(parent, flag, uid):
    return uid == 0 or flag in parent['allowed']


def may_use(people, descriptor, checked, uid, writes):
    """A regular file that the user may read (and write), by its bits; the folders above do not count."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return False
    if uid == 0 or not checked:
        return True
    mode = stat.S_IMODE(found.st_mode)
    bits = 0o6 if writes else 0o4
    if mode & bits == bits:
        return True
    if uid == found.st_uid and mode >> 6 & bits == bits:
        return True
    return mode >> 3 & bits == bits and found.st_gid in people.groups_of(uid)
