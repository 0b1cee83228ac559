import { visible } from '../../base/text/visible.ts';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** A part of a line: plain, or as it is to look. Its text is shown with control characters named, wherever it came from. */
export type OutputPiece = string | { readonly as: keyof typeof codes; readonly text: string };

/** A line, in one piece or several. */
export type OutputLine = OutputPiece | readonly OutputPiece[];

const isMany = (line: OutputLine): line is readonly OutputPiece[] => Array.isArray(line);

const rendered = (piece: OutputPiece, isRich: boolean): string => {
  if (typeof piece === 'string') return visible(piece);
  return isRich ? `\x1b[${codes[piece.as]}m${visible(piece.text)}\x1b[0m` : visible(piece.text);
};

/** The text of a line for a terminal that is rich, or for anything else. */
export const textOf = (line: OutputLine, isRich: boolean): string =>
  (isMany(line) ? line : [line]).map((piece) => rendered(piece, isRich)).join('');

/** Where imagectl writes: what was asked for to standard output, what is said about it to standard error. */
export type Output = {
  /** Whether standard output is a terminal that shows colours and moves its cursor. */
  readonly isRich: boolean;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  /** Whether the terminal shows characters beyond ASCII. */
  readonly isUnicode: boolean;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly print: (...lines: readonly OutputLine[]) => void;
  /** One JSON value as a line. */
  readonly printJson: (value: unknown) => void;
  readonly tell: (...lines: readonly OutputLine[]) => void;
  /** A question at the terminal, which stands beside what is asked for: on standard error. */
  readonly ask: (question: string) => void;
  /** Bytes as they are. Resolves when there is room for more. */
  readonly write: (bytes: Uint8Array | string) => Promise<void>;
};

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

const wantsPlain = ({ NO_COLOR: noColour, TERM: term = '' }: Environment): boolean =>
  isSet(noColour) || term === 'dumb' || term === '';

const isUnicode = ({ LC_ALL: all, LC_CTYPE: kind, LANG: language }: Environment): boolean =>
  /utf-?8/i.test([all, kind, language].find(isSet) ?? '');

/** The output of this process. */
export const processOutput = (environment: Environment): Output => {
  const { stdout, stderr, stdin } = process;
  const isRich = stdout.isTTY && !wantsPlain(environment);
  const isRichError = stderr.isTTY && !wantsPlain(environment);
  const lines = (of: readonly OutputLine[], rich: boolean): string =>
    of.map((line) => `${textOf(line, rich)}\n`).join('');
  return {
    isRich,
    canAsk: stdin.isTTY && stdout.isTTY,
    isUnicode: isUnicode(environment),
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    print: (...of) => void stdout.write(lines(of, isRich)),
    // JSON escapes C0 by itself; what else a terminal obeys is named as everywhere.
    printJson: (value) => void stdout.write(`${visible(JSON.stringify(value))}\n`),
    tell: (...of) => void stderr.write(lines(of, isRichError)),
    ask: (question) => void stderr.write(question),
    write: (bytes) =>
      new Promise((resolve) => {
        if (stdout.write(bytes)) resolve();
        else stdout.once('drain', resolve);
      }),
  };
};
