import { z } from 'zod';

/** How far a script of several has come that outlives its connection, and the daemon that has started it. */
export const ScriptPlace = z.object({
  /** Which of the scripts. */
  index: z.number(),
  /** The script in the guest, without its ending; what it leaves there is beside it. */
  stem: z.string(),
  /** Whether it is known that it was started. */
  isBegun: z.boolean(),
  /** How many pieces of what it prints have been read, and the line without end behind the last, in base64. */
  out: z.number(),
  err: z.number(),
  outRest: z.string(),
  errRest: z.string(),
  /** Set when it has ended. */
  exitCode: z.number().optional(),
});
export type ScriptPlace = z.output<typeof ScriptPlace>;

/** Where scripts write down how far they have come. */
export type KeptScripts = {
  /** How far an earlier daemon had come; asked again, nothing. */
  readonly from: () => ScriptPlace | undefined;
  /** Resolves when it is safe from the end of this daemon; undefined: no script is under way. */
  readonly keep: (place: ScriptPlace | undefined) => Promise<void>;
};

export const scriptBegins = (index: number, stem: string): ScriptPlace => ({
  ...{ index, stem, isBegun: false },
  ...{ out: 0, err: 0, outRest: '', errRest: '' },
});
