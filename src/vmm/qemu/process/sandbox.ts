/**
 * System calls that QEMU can do without (QEMU's manual, -sandbox), for a machine without a network: it starts no program.
 * The filter brings no_new_privs with it.
 */
export const strictSandbox = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/**
 * The same for a machine with a network. Each connection of the guest to its endpoint is a netcat, which QEMU starts: no
 * QEMU up to 10 forwards a guest's connections to a Unix socket by itself (net/slirp.c, guestfwd), though its libslirp
 * could. And `elevateprivileges` has setsid(2), which libslirp calls for each of them.
 */
const networkSandbox = 'on,obsolete=deny,resourcecontrol=deny';

export const sandboxOf = (nics: readonly unknown[]): string => (nics.length === 0 ? strictSandbox : networkSandbox);
