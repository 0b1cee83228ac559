// What the kernels themselves print, each at the start of a line (sys/kern/subr_prf.c, sys/ddb, kernel/panic.c). Linux puts
// a time, and perhaps a caller, in front, and does not begin a new line when a shell's prompt stands there already.
const linuxTime = String.raw`\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? `;

/** Linux; OpenBSD, NetBSD and FreeBSD; their debuggers' prompts. Go's own panics look alike and are none of a kernel's. */
export const kernelPanics: readonly RegExp[] = [
  new RegExp(String.raw`^(?:<\d>)?(?:${linuxTime})?Kernel panic - not syncing.*[\r\n]`, 'm'),
  new RegExp(String.raw`^[^\r\n]{0,200}[#$>] ${linuxTime}Kernel panic - not syncing.*[\r\n]`, 'm'),
  new RegExp(String.raw`^(?:${linuxTime})?---\[ end Kernel panic - not syncing.*[\r\n]`, 'm'),
  /^(?:\[ *\d+\.\d+\] )?panic: (?!runtime error: ).*[\r\n]/m,
  /^d?db(?:\{\d+\})?> /m,
];

// In a flood, what cannot be a panic is not looked at any closer.
const kernelPanicHint = /panic|db/;

/** Looks for panics in everything that comes. */
export type PanicWatch = {
  /** The line of a panic in the text that came, if there is one. */
  readonly look: (text: string) => string | undefined;
};

// A line without end must not be searched again and again from its start.
const longestLine = 1024;

/**
 * Watches for lines that match. `isOurs` says of a line whether it only repeats what was typed: such a line, and text
 * within a line, is no panic.
 */
export const watchPanics = (
  patterns: readonly RegExp[],
  withoutEscapes: (text: string) => string,
  isOurs: (line: string) => boolean,
): PanicWatch => {
  const all = patterns.map(
    ({ source, flags }) => new RegExp(source, `${flags.replaceAll(/[gy]/g, '')}g${flags.includes('m') ? '' : 'm'}`),
  );
  const hint = patterns === kernelPanics ? kernelPanicHint : undefined;
  let rest = '';
  return {
    look: (text) => {
      const came = rest === '' ? text : rest + text;
      const unfinished = came.slice(Math.max(came.lastIndexOf('\n'), came.lastIndexOf('\r')) + 1);
      // What is left of an overlong line does not begin where the line did.
      rest = unfinished.length > longestLine ? `\0${unfinished.slice(-longestLine)}` : unfinished;
      if (hint && !hint.test(came)) return undefined;
      const shown = withoutEscapes(came);
      for (const pattern of all)
        for (const { 0: match, index } of shown.matchAll(pattern)) {
          const end = /[\r\n]/.exec(shown.slice(index, index + longestLine))?.index ?? longestLine;
          const line = shown.slice(index, index + Math.max(end, match.trimEnd().length)).trim();
          if (!isOurs(line)) return line;
        }
      return undefined;
    },
  };
};
