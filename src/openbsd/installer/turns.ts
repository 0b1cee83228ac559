import type { Text, TurnText } from '../../template/spec.ts';

/**
 * What OpenBSD's installer prints when an unattended installation has failed (install.sub and amd64's install.md). It
 * does not end the machine: it goes back to its first prompt.
 */
const failures = [
  String.raw`failed; check /tmp/ai/ai\.log`,
  'No response file found; non-interactive mode aborted',
  'Question has no answer in response file: ',
  String.raw`' is not a valid (?:choice|hostname|timezone)`,
  'is not a usable loginname',
  'is not a valid root disk',
  'no such disk',
  'Autopartitioning failed',
  'No autopartitioning template found',
  "'/' must be configured!",
  'https not supported on this platform',
  'Failed to install bootblocks',
  'You will not be able to boot ',
  'Unable to create valid /etc/fstab',
  String.raw`You must fsck \S+ manually`,
  String.raw`^Looked at .* and found no `,
  String.raw`(?:install|upgrade)\.site failed`,
];

const unverified = 'Unable to get a verified list of distribution sets';

/** The lines that mean the end of an installation; `takesUnverified`: sets that cannot be verified are what the template wants. */
export const failureLines = (takesUnverified: boolean): readonly string[] =>
  takesUnverified ? failures : [...failures, unverified];

// The installer's own timer of 5 s can begin its automatic mode while `a` is typed to it (amd64's dot.profile): that `a`
// then answers the next question, as a place of the response file that has no mode in its name, or as an interface.
const raced = [String.raw`'a' is not a valid choice`, String.raw`\(I\)nstall or \(U\)pgrade\? $`];

/** Whether the pattern that a conversation with the installer refused says that its timer was faster than what was typed. */
export const saysRaced = (pattern: unknown): boolean => raced.some((one) => one === pattern);

// The installer has its answers and reads no line from the console any more: what it says first, and its first questions.
const performing =
  'Performing non-interactive |Choose your keyboard layout|System hostname\\?|Terminal type\\?|Which disk is the root disk\\?';

// An emulated machine may take minutes to its first prompt, and as long to give up on a request without an answer.
const promptMs = 600_000;

/**
 * The conversation with an unattended installer: it is told to begin, where its answers are if it does not find them by
 * itself, and is heard to its end. Port and path are in the URL, since it would look at port 80 only.
 */
export const installerTurns = (asked: {
  /** Path of the response file below the endpoint. */
  readonly path: string;
  readonly interfaceName: string;
  readonly timeoutMs: number;
  /** Sets that cannot be verified are what the template wants. */
  readonly takesUnverified: boolean;
}): readonly TurnText[] => {
  const refuse = failureLines(asked.takesUnverified);
  const withinMs = Math.min(promptMs, asked.timeoutMs);
  const turn = (refused: readonly string[], hear: string, within: number, say?: Text, optional = false): TurnText => ({
    hear,
    withinMs: within,
    optional,
    ...(say === undefined ? {} : { say }),
    echo: true,
    secret: false,
    keyIntervalMs: 0,
    refuse: refused,
  });
  const first = [...raced, ...refuse];
  return [
    turn(refuse, String.raw`\(I\)nstall, \(U\)pgrade, \(A\)utoinstall or \(S\)hell\? $`, withinMs, ['a']),
    turn(
      first,
      String.raw`Which network interface should be used for the initial DHCP request\?[^\r\n]* $`,
      withinMs,
      [asked.interfaceName],
      true,
    ),
    turn(
      first,
      String.raw`Response file location\?(?: \[[^\]\r\n]*\])? $`,
      withinMs,
      [{ runtime: 'http_url', apply: [] }, `/${asked.path}`],
      true,
    ),
    turn(first, performing, withinMs),
    turn(refuse, 'CONGRATULATIONS!', asked.timeoutMs),
  ];
};

/** The mode that the installer takes from the name of a response file; undefined: it would ask. */
export const modeOf = (path: string): 'install' | 'upgrade' | undefined =>
  /install\.conf$/.test(path) ? 'install' : /upgrade\.conf$/.test(path) ? 'upgrade' : undefined;
