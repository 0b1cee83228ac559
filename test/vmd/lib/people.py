"""Users and groups: the host's, with those of the settings before them."""

import grp
import pwd


class People:
    def __init__(self, users):
        """users: name -> {uid, gid, groups: [gid...]}; a group of the user's name and gid comes with each."""
        self._users = users

    def user(self, name):
        """uid, or None."""
        if name in self._users:
            return self._users[name]['uid']
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            return None

    def group(self, name):
        if name in self._users:
            return self._users[name]['gid']
        if name == 'wheel':
            return 0
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None

    def name_of(self, uid):
        for name, facts in self._users.items():
            if facts['uid'] == uid:
                return name
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def group_name(self, gid):
        for name, facts in self._users.items():
            if facts['gid'] == gid:
                return name
        if gid == 0:
            return 'wheel'
        try:
            return grp.getgrgid(gid).gr_name
        except KeyError:
            return str(gid)

    def groups_of(self, uid):
        """Every gid of a user, or nothing of one that is unknown."""
        for facts in self._users.values():
            if facts['uid'] == uid:
                return {facts['gid'], *facts.get('groups', [])}
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return set()
        return {entry.pw_gid, *(group.gr_gid for group in grp.getgrall() if entry.pw_name in group.gr_mem)}

    def owner_text(self, uid, gid):
        """The OWNER column: cut at 15 characters."""
        name = self.name_of(uid)[:15]
        return name if gid == -1 else (name + (':' + self.group_name(gid))[:15])[:15]
