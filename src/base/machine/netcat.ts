/**
 * Whether a netcat knows Unix sockets, by what `-h` has it print: OpenBSD's lists its options, an older one only has them in
 * its usage.
 */
export const knowsUnixSockets = (printed: string): boolean =>
  /^\s*-U\b/m.test(printed) || /usage: .*\[-[^\]]*U/.test(printed);
