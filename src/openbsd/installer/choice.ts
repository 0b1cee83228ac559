import { bounds } from '../../base/bounds.ts';
import { nearest, quoted } from '../../base/text/nearest.ts';
import { matchesGlob } from '../../base/pattern/glob.ts';
import { setFiles, setKinds, siteFile } from '../set-names.ts';
import type { Reply, Talk } from './talk.ts';

const question = "Set name(s)? (or 'abort' or 'done')";
const mostRounds = 40;

/** What was chosen so far, over all places that sets are taken from. */
export type ChosenAnswer = {
  readonly installed: Set<string>;
  readonly number: string;
  readonly hostname: string | undefined;
  /** How many more names may be given. */
  readonly names: { left: number };
};

export const noneChosen = (number: string, hostname: string | undefined): ChosenAnswer => ({
  installed: new Set(),
  number,
  hostname,
  names: { left: bounds.setNames },
});

export const ownSets = ({ number }: ChosenAnswer, cpus: number): readonly string[] => [
  ...['bsd', ...(cpus > 1 ? ['bsd.mp'] : []), 'bsd.rd'],
  ...setFiles(number),
];

export const siteSets = ({ number, hostname }: ChosenAnswer): readonly string[] => [
  siteFile(number),
  ...(hostname === undefined ? [] : [siteFile(number, hostname)]),
];

export const allSets = (chosen: ChosenAnswer, cpus: number): readonly string[] => [
  ...ownSets(chosen, cpus),
  ...siteSets(chosen),
];

// A set of the release that is not in this server's folder may be named all the same.
const isOfRelease = (name: string, chosen: ChosenAnswer) => allSets(chosen, 2).some((one) => matchesGlob(name, one));

/** Names of sets without their digits, so that a word is known for one of another release: `game78.tgz`, `game78*`. */
const stems: readonly string[] = [...setKinds, 'site', 'bsd', 'bsd.mp', 'bsd.sp', 'bsd.rd'];

// Until 5.6, and until 5.2.
const formerStems: readonly string[] = ['etc', 'xetc', 'misc'];

const otherRelease = (name: string, { number }: ChosenAnswer): string | undefined => {
  if (!/^\d+$/.test(number)) return undefined;
  const [, stem = '', digits] = /^([a-z]+)(\d{2,3})(?=\D|$)/.exec(name) ?? [];
  return digits !== undefined && digits !== number && stems.includes(stem) ? `${stem}${number}` : undefined;
};

/** The installer passes over a word that matches nothing; a set of another release, or a misspelt one, is hardly meant so. */
const judgeUnknown = (
  talk: Talk,
  reply: Reply,
  word: string,
  { available, chosen }: { readonly available: readonly string[]; readonly chosen: ChosenAnswer },
) => {
  const name = word.replace(/^[+-]/, '');
  if (name === 'all' || isOfRelease(name, chosen)) return;
  const there = `there is ${available.join(', ')}`;
  const other = otherRelease(name, chosen);
  if (other !== undefined) {
    talk.passOver(reply, `${quoted(word)} is the name of no set here: did you mean ${quoted(other)}? ${there}`);
    return;
  }
  const stem = name.replace(/[*?\d].*$/, '');
  const near = [...stems, ...formerStems].includes(stem) ? undefined : nearest(stem, stems);
  if (near === undefined)
    talk.remark(reply, `holds ${quoted(word)}, which matches no set: the installer passes over it`);
  else talk.passOver(reply, `${quoted(word)} is the name of no set here: did you mean ${quoted(`${near}*`)}? ${there}`);
};

/** Which of the sets that are there are installed (install.sub, `select_sets`). */
export const choose = (talk: Talk, available: readonly string[], chosen: ChosenAnswer): readonly string[] => {
  // A set that was installed from another place is not selected again, but for the site set of this host.
  const ofHost = chosen.hostname === undefined ? undefined : siteFile(chosen.number, chosen.hostname);
  const isPreselected = (name: string) =>
    name === ofHost || (name !== siteFile(chosen.number) && !chosen.installed.has(name));
  let selected = available.filter(isPreselected);
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(question, 'done');
    if (reply.isOpen) {
      talk.doubt();
      return selected;
    }
    for (const word of reply.value.split(/[ \t]+/, bounds.setNames + 1)) {
      chosen.names.left -= 1;
      if (chosen.names.left < 0 || word.length > bounds.setNameCharacters) {
        talk.refuse(
          reply,
          `holds more than can be chosen: ${bounds.setNames} names, of ${bounds.setNameCharacters} characters`,
        );
        return selected;
      }
      if (word === 'done') return selected;
      if (word === 'abort') {
        talk.refuse(reply, 'is "abort": nothing would be installed');
        return selected;
      }
      const name = word.replace(/^[+-]/, '');
      const glob = name === 'all' ? '*' : name;
      const meant = available.filter((one) => matchesGlob(glob, one));
      if (meant.length === 0) judgeUnknown(talk, reply, word, { available, chosen });
      selected = word.startsWith('-')
        ? selected.filter((one) => !meant.includes(one))
        : available.filter((one) => selected.includes(one) || meant.includes(one));
    }
  }
  return selected;
};
