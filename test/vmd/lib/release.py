"""What differs between the releases of OpenBSD that are kept: 7.2, 7.4, 7.7 and current."""

GIB = 1 << 30

RELEASES = ('7.2', '7.4', '7.7', 'current')


def features(release):
    """The facts of a release, by name. A release that is not kept is a ValueError."""
    if release not in RELEASES:
        raise ValueError('release %s is not one of %s' % (release, ', '.join(RELEASES)))
    age = RELEASES.index(release)
    return {
        'release': release,
        # From 7.3 on vmctl opens the kernel and passes the descriptor, and -b counts for the first boot only.
        'kernel_passed': age >= 1,
        'path_limit': 1024 if age >= 1 else 128,
        'memory_limit': (128 if age >= 2 else 32) * GIB,
        'has_send': age <= 2,
        'long_usage': age <= 1,
        # Whether a start with -b still warns that there is no disk and no network.
        'warns_with_kernel': age <= 1,
        'names_bad_disk': age >= 3,
        # vmctl start -p, and cpus in vm.conf.
        'has_cpus': age >= 3,
        'cu_restricted': age >= 2,
        # Hard limits per ordinary user: CPUs, MB, interfaces.
        'user_limits': (4, 2048, 8) if age == 0 else None,
        # A start that fails for a disk's permissions answers -1 instead of EPERM (config_setvm's `ret`).
        'loses_disk_errno': age >= 1,
        # A VM that restarted too quickly stays in the list, stopped, even if it is not from vm.conf.
        'keeps_too_quick': age >= 1,
        # By numeric id, pause and unpause look for the kernel's id.
        'pauses_kernel_id': age <= 2,
        # By numeric id, stop and wait do not look whether the VM runs.
        'checks_state_by_id': age >= 1,
        # With -f and without -w the answer comes when the VM has gone.
        'force_waits': age == 0,
        # stop -f asks the VM's process by SIGTERM and kills it some seconds later; each further one begins these anew.
        'force_asks': age >= 3,
        'started_line': (lambda name, id, tty: '%s: started vm %d successfully, tty %s' % (name, id, tty))
        if age == 0
        else (lambda name, id, tty: 'started %s (vm %d) successfully, tty %s' % (name, id, tty)),
    }
