/** All that a program inherits: the daemon's own environment may hold secrets, which no other program may see. */
export const environment = (): Readonly<Record<string, string>> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
});
