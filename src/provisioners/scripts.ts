import { z } from 'zod';
import { atMost, bounds } from '../base/bounds.ts';
import { variableName } from '../base/text/shell.ts';
import type { ScriptSource } from '../guest/shell-script.ts';
import { OneOrMore, Words } from '../template/document/words.ts';
import { render } from '../template/language/render.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { FileRef, RuntimeFacts, Text } from '../template/spec.ts';

/** The keys of a kind that runs scripts. */
export const scriptKeys = {
  inline: OneOrMore.optional().describe('lines of a script, run by /bin/sh -e'),
  script: Words.min(1).optional().describe('a script of the context'),
  scripts: z.array(Words.min(1)).min(1).max(bounds.scripts).optional().describe('several scripts, run in this order'),
  env: z
    .record(z.string().regex(new RegExp(`^${variableName}$`), 'is not a name of an environment variable'), Words)
    .refine(...atMost(bounds.environment, 'variables'))
    .default({})
    .describe('environment variables'),
  environment_vars: z
    .array(Words.regex(new RegExp(`^${variableName}=`), 'must be NAME=value'))
    .max(bounds.environment)
    .default([])
    .describe("Packer's form of `env`: `NAME=value`"),
};

type Sources = { readonly inline?: unknown; readonly script?: unknown; readonly scripts?: unknown };

/** A refinement for zod. */
export const hasOneSource: [(asked: Sources) => boolean, string] = [
  ({ inline, script, scripts }) => [inline, script, scripts].filter((part) => part !== undefined).length === 1,
  'needs exactly one of "inline", "script" and "scripts"',
];

type Asked = z.output<z.ZodObject<typeof scriptKeys>>;

/** A script of a template, its variables filled in. */
export type Script = { readonly inline: Text } | { readonly file: FileRef };

/** The scripts of a template, one each: the inline lines joined, or files. */
export const scriptsOf = async (asked: Asked, pointer: string, fields: Fields): Promise<readonly Script[]> => {
  const { inline, script, scripts = [] } = asked;
  if (inline !== undefined) {
    const lines = typeof inline === 'string' ? [inline] : inline;
    const texts: Text[] = [];
    for (const [index, line] of lines.entries()) {
      await fields.pause();
      texts.push(fields.text(typeof inline === 'string' ? `${pointer}/inline` : `${pointer}/inline/${index}`, line));
    }
    return [{ inline: texts.flatMap((text): Text => [...text, '\n']) }];
  }
  if (script !== undefined) return [{ file: await fields.file(`${pointer}/script`, script) }];
  const files: Script[] = [];
  for (const [index, one] of scripts.entries())
    files.push({ file: await fields.file(`${pointer}/scripts/${index}`, one) });
  return files;
};

/** The environment of both keys; `environment_vars` has the last word. */
export const envOf = (asked: Asked, pointer: string, fields: Fields): Record<string, Text> => {
  const own = Object.entries(asked.env).map(
    ([name, raw]) => [name, fields.text(`${pointer}/env/${name}`, raw)] as const,
  );
  const theirs = asked.environment_vars.map((line, index) => {
    const [name = ''] = line.split('=', 1);
    return [name, fields.text(`${pointer}/environment_vars/${index}`, line.slice(name.length + 1))] as const;
  });
  return Object.fromEntries([...own, ...theirs]);
};

/** The scripts as this machine is to run them. */
export const sourcesOf = (scripts: readonly Script[], runtime: RuntimeFacts): readonly ScriptSource[] =>
  scripts.map((script) =>
    'inline' in script ? { text: render(script.inline, runtime) } : { file: script.file.path, name: script.file.shown },
  );
