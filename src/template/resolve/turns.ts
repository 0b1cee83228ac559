import { bounds } from '../../base/bounds.ts';
import type { Fields } from './fields.ts';
import { failureLines, installerTurns } from '../../openbsd/installer/turns.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import type { ResponseFile } from './http.ts';
import { saidOf, type TurnDocument } from '../document/turn.ts';
import type { Template } from '../document/template.ts';
import type { Spec, TurnText } from '../spec.ts';
import type { PressedBy } from '../../packer/boot-command.ts';
import { durationOf } from '../../base/units.ts';

type Install = NonNullable<Template['install']>;

// Packer's own, which its users know to be enough for a firmware.
const keyboardIntervalMs = 100;

/** The pause between keys: what the template says, or what its keyboard or serial line needs. */
const intervalOf = (asked: number | string | undefined, by: PressedBy, pointer: string, fields: Fields): number =>
  asked === undefined
    ? { serial: 0, keyboard: keyboardIntervalMs }[by]
    : fields.made(pointer, asked, 0, (time) => durationOf(time, 0));

const resolveTurn = (turn: TurnDocument, pointer: string, fields: Fields): TurnText => {
  const { hear, say, press } = turn;
  return {
    ...(hear === undefined ? {} : { hear: fields.pattern(`${pointer}/hear`, hear) }),
    ...(turn.by === 'keyboard' ? { by: turn.by } : {}),
    ...(turn.on === 'screen' ? { on: turn.by === 'keyboard' ? 'display' : turn.on } : {}),
    withinMs: fields.made(`${pointer}/within`, turn.within, 1, (time) => durationOf(time)),
    optional: turn.optional,
    ...(say === undefined ? {} : { say: fields.text(`${pointer}/say`, say, saidOf) }),
    echo: turn.echo,
    secret: turn.secret || fields.isSecret(pointer, say ?? press),
    ...(press === undefined ? {} : { press: fields.keys(`${pointer}/press`, press, turn.by) }),
    keyIntervalMs: intervalOf(turn.key_interval, turn.by, `${pointer}/key_interval`, fields),
    refuse: turn.refuse.map((raw, index) => fields.pattern(`${pointer}/refuse/${index}`, raw)),
  };
};

/** A conversation, with its patterns checked and its variables filled in. */
export const resolveTurns = async (
  turns: readonly TurnDocument[],
  pointer: string,
  fields: Fields,
): Promise<readonly TurnText[]> => {
  const resolved: TurnText[] = [];
  let atOnce = 0;
  for (const [index, turn] of turns.entries()) {
    await fields.pause();
    // Optional turns that follow each other are listened for together (console-converse.ts).
    atOnce += turn.hear === undefined ? 0 : 1 + turn.refuse.length;
    if (atOnce > bounds.patternsAtOnce)
      fields.made(`${pointer}/${index}`, '', '', () => {
        throw new ParseError(
          `is listened for with the turns before it, which are ${bounds.patternsAtOnce} patterns already`,
        );
      });
    if (turn.hear === undefined || !turn.optional) atOnce = 0;
    resolved.push(resolveTurn(turn, `${pointer}/${index}`, fields));
  }
  return resolved;
};

/** Packer's keys as one turn: the wait becomes its first token, and a list is joined without anything between. */
const bootTurn = (install: Install, fields: Fields, refuse: readonly string[]): readonly TurnText[] => {
  const { boot_command: command, boot_wait: wait = 0, boot_by: by = 'serial' } = install;
  if (command === undefined) return [];
  const waitMs = fields.made('/install/boot_wait', wait, 0, (time) => durationOf(time, -1_000_000_000));
  const joined = typeof command === 'string' ? command : command.join('');
  const keys = fields.keys('/install/boot_command', joined, by);
  return [
    {
      ...(by === 'keyboard' ? { by, on: 'display' } : {}),
      withinMs: 1,
      optional: false,
      echo: true,
      secret: fields.isSecret('/install/boot_command', joined),
      press: waitMs > 0 ? [`<wait${waitMs}ms>`, ...keys] : keys,
      keyIntervalMs: intervalOf(install.boot_key_interval, by, '/install/boot_key_interval', fields),
      refuse,
    },
  ];
};

/** How the system comes onto the disk: by the template's conversation, or by imaged's own with a response file. */
export const resolveInstall = async (
  install: Install,
  fields: Fields,
  { responseFile, interfaceName }: { readonly responseFile: ResponseFile | undefined; readonly interfaceName: string },
): Promise<NonNullable<Spec['install']>> => {
  const timeoutMs = fields.made('/install/timeout', install.timeout, 1, (time) => durationOf(time));
  const isOurs = install.console === undefined && install.boot_command === undefined;
  const refuse = responseFile === undefined ? [] : failureLines(responseFile.takesUnverified);
  const turns =
    responseFile !== undefined && isOurs
      ? installerTurns({ ...responseFile, interfaceName, timeoutMs })
      : [
          ...(await resolveTurns(install.console ?? [], '/install/console', fields)),
          ...bootTurn(install, fields, refuse),
        ];
  const hearsFirstBoot = responseFile?.isSerial === true && install.ends !== 'never';
  return {
    turns,
    ends: install.ends,
    timeoutMs,
    refuse: isOurs ? [] : refuse,
    ...(hearsFirstBoot ? { hearsFirstBoot } : {}),
  };
};
