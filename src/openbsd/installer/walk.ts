import { digitsOf } from '../../base/openbsd/release-name.ts';
import { askDisks, askInstalledDisks, type RootDisk } from './disks.ts';
import type { InstallerFacts } from './facts.ts';
import type { Index, InstallerLine } from './lines.ts';
import { askNetwork } from './network.ts';
import { noneChosen } from './choice.ts';
import { askSets } from './sets.ts';
import { askHostname, askRoot, askRootLogin, askServices, askTerminal, askUser } from './system.ts';
import { makeTalk, type TalkReport } from './talk.ts';
import { askZone } from './zone.ts';

export type Walk = TalkReport & {
  /** The names of the sets that are installed. */
  readonly sets: readonly string[];
  /** The installed system speaks on the serial line. */
  readonly isSerial: boolean;
  /** Undefined in an upgrade, which lays nothing out. */
  readonly root: RootDisk | undefined;
};

const time = (at: string) => `Time appears wrong.  Set to '${at}'?`;

/** The digits in the names of a release's sets: `79` of `7.9`, `NN` where they are not known, as those of `current`. */
export const numberOf = (release: string): string => digitsOf(release) ?? 'NN';

/**
 * Goes through the installer's questions in its own order, with its own reading of the answers: what was asked, by which
 * line it was answered, which answers the installer does not take, and which lines it never asked for.
 */
export const walk = (
  lines: readonly InstallerLine[],
  facts: InstallerFacts,
  number = numberOf(facts.release),
  own?: Index,
): Walk => {
  const talk = makeTalk(lines, own);
  askTerminal(talk);
  if (facts.mode === 'upgrade') {
    askInstalledDisks(talk, facts);
    const chosen = noneChosen(number, undefined);
    askSets(talk, facts, chosen, undefined);
    return { ...talk.report(), sets: [...chosen.installed], isSerial: true, root: undefined };
  }
  const hostname = askHostname(talk, facts);
  askNetwork(talk, facts);
  askRoot(talk, lines);
  const { sshd, isSerial } = askServices(talk);
  askUser(talk, lines);
  askRootLogin(talk, sshd);
  if (facts.outside) askZone(talk, facts);
  const root = askDisks(talk, facts);
  const chosen = noneChosen(number, hostname);
  askSets(talk, facts, chosen, root);
  if (!facts.outside) askZone(talk, facts);
  if (facts.outside) talk.maybe(time('X'), 'yes');
  else talk.skip("when openbsd.org's list of mirrors cannot be fetched", time('X'));
  return { ...talk.report(), sets: [...chosen.installed], isSerial, root };
};
