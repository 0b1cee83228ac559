"""The table of vmctl status (print_vm_info of usr.sbin/vmctl/vmctl.c)."""

import sys

from lib.texts import fmt_scaled


def state_of(row):
    for state in ('paused', 'waiting', 'stopping', 'running'):
        if row[state]:
            return state
    return 'stopped'


def print_table(rows, only, running_only):
    """Prints it and gives the exit code: 1 only when there is no machine at all."""
    wanted_id, wanted_name = only
    lines = ['%5s %5s %5s %7s %7s %7s %12s %8s %s' % tuple('ID PID VCPUS MAXMEM CURMEM TTY OWNER STATE NAME'.split())]
    seen = 0
    for row in rows:
        if running_only and not row['pid']:
            continue
        seen += 1
        if (wanted_id or wanted_name) and wanted_id != row['id'] and wanted_name != row['name']:
            continue
        tty = row['tty'].rpartition('/')[2] or '-'
        cells = (row['id'], row['pid'] or '-', row['cpus'], fmt_scaled(row['memory']))
        rest = (fmt_scaled(row['resident']) if row['pid'] else '-', tty if row['pid'] else '-')
        lines.append('%5s %5s %5d %7s %7s %7s %12s %8s %s' % (*cells, *rest, row['owner'], state_of(row), row['name']))
    sys.stdout.write('\n'.join(lines) + '\n')
    return 0 if seen else 1
