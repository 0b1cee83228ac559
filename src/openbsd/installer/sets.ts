import { quoted } from '../../base/nearest.ts';
import { bounds } from '../../base/bounds.ts';
import { setsFolder } from '../../base/openbsd/mirror-layout.ts';
import { matchesGlob } from '../glob.ts';
import { setFile, setFiles, siteFile } from '../set-names.ts';
import type { RootDisk } from './disks.ts';
import type { InstallerFacts, SetsThere } from './facts.ts';
import { isKnown, shownValue } from './lines.ts';
import type { Reply, Talk } from './talk.ts';
import { askToVerify, confirm, hasRoomToVerify, maybeAskToVerify } from './verify.ts';

const questions = {
  proxy: "HTTP proxy URL? (e.g. 'http://proxy:8080', or 'none')",
  server: "HTTP Server? (hostname or 'done')",
  serverOfList: "HTTP Server? (hostname, list#, 'done' or '?')",
  directory: 'Server directory?',
  path: "Pathname to the sets? (or 'done')",
  mounted: 'Is the disk partition already mounted?',
  nfsServer: 'Server IP address or hostname?',
  nfsPath: 'Filesystem on server to mount?',
  nfsTcp: 'Use TCP transport? (requires TCP-capable NFS server)',
  names: "Set name(s)? (or 'abort' or 'done')",
  noNotes: 'INSTALL.amd64 not found. Use sets found here anyway?',
};

const sureQuestion = (mode: string, set: string): string => `Are you *SURE* your ${mode} is complete without '${set}'?`;

const mostRounds = 40;

/** What was chosen so far, over all places that sets are taken from. */
export type Chosen = {
  readonly installed: Set<string>;
  readonly number: string;
  readonly hostname: string | undefined;
  /** How many more names may be given. */
  readonly names: { left: number };
};

export const noneChosen = (number: string, hostname: string | undefined): Chosen => ({
  installed: new Set(),
  number,
  hostname,
  names: { left: bounds.setNames },
});

const ownSets = ({ number }: Chosen, cpus: number): readonly string[] => [
  ...['bsd', ...(cpus > 1 ? ['bsd.mp'] : []), 'bsd.rd'],
  ...setFiles(number),
];

const siteSets = ({ number, hostname }: Chosen): readonly string[] => [
  siteFile(number),
  ...(hostname === undefined ? [] : [siteFile(number, hostname)]),
];

const allSets = (chosen: Chosen, cpus: number): readonly string[] => [...ownSets(chosen, cpus), ...siteSets(chosen)];

const choose = (talk: Talk, available: readonly string[], chosen: Chosen): readonly string[] => {
  let selected = available.filter((name) => name !== siteFile(chosen.number));
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(questions.names, 'done');
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
      if (meant.length === 0 && !selected.some((one) => matchesGlob(glob, one)) && !known(name, chosen))
        talk.refuse(reply, `${quoted(word)} is the name of no set here: there is ${available.join(', ')}`);
      selected = word.startsWith('-')
        ? selected.filter((one) => !meant.includes(one))
        : available.filter((one) => selected.includes(one) || meant.includes(one));
    }
  }
  return selected;
};

// A set of the release that is left out of this server's folder may be left out by its name as well.
const known = (name: string, chosen: Chosen) => allSets(chosen, 2).some((one) => matchesGlob(name, one));

const takeSets = (
  talk: Talk,
  facts: InstallerFacts,
  chosen: Chosen,
  found: SetsThere | undefined,
  room: boolean | undefined,
) => {
  if (found === undefined) {
    talk.maybe(questions.noNotes, 'no');
    choose(talk, ownSets(chosen, facts.cpus), chosen).forEach((name) => chosen.installed.add(name));
    maybeAskToVerify(talk, siteSets(chosen));
    return;
  }
  const available = allSets(chosen, facts.cpus).filter((name) => found.listed.includes(name));
  if (available.length === 0) {
    talk.fail(questions.directory, `leads to a folder in which the installer finds no sets of its release`);
    return;
  }
  if (!found.listed.includes('INSTALL.amd64'))
    confirm(talk, questions.noNotes, 'the folder has no INSTALL.amd64 in its index.txt');
  const selected = choose(talk, available, chosen);
  askToVerify(talk, facts, found, selected, room);
  selected.forEach((name) => chosen.installed.add(name));
};

const judgeServer = (reply: Reply, talk: Talk) => {
  if (reply.isSure && !/^(https?:\/\/)?[A-Za-z0-9:.[\]%_-]+$/.test(reply.value))
    talk.refuse(reply, `${quoted(reply.value)} is not a server: write "host", "host:port" or "http://host:port"`);
  else if (reply.isSure && /^(\d+|\?)$/.test(reply.value))
    talk.refuse(reply, `${quoted(reply.value)} is not a server: an unattended installation has no list`);
};

const takeByHttp = (talk: Talk, facts: InstallerFacts, chosen: Chosen, room: boolean | undefined) => {
  const proxy = talk.ask(questions.proxy, 'none');
  if (proxy.isSure && proxy.value !== 'none' && !/^https?:\/\/\S+$/.test(proxy.value))
    talk.refuse(proxy, `${quoted(proxy.value)} is neither the URL of a proxy nor "none"`);
  const server = talk.ask(
    facts.outside ? questions.serverOfList : questions.server,
    facts.mode === 'upgrade' ? 'the one of /etc/installurl' : undefined,
  );
  if (server.value === 'done') return;
  if (server.line !== undefined) judgeServer(server, talk);
  const standard = facts.release === 'current' ? 'snapshots' : facts.release;
  const directory = talk.ask(questions.directory, setsFolder(standard));
  takeSets(talk, facts, chosen, facts.setsAt(server.value, directory.value.replace(/^\/+|\/+$/g, '')), room);
};

const takeMounted = (talk: Talk, facts: InstallerFacts, chosen: Chosen, found: SetsThere | undefined) => {
  const path = talk.ask(questions.path, `${facts.release}/amd64`);
  if (path.value !== 'done') takeSets(talk, facts, chosen, found, true);
};

// install79.iso and its like have the sets and INSTALL.amd64, and no SHA256.sig.
const onCdrom = (chosen: Chosen, cpus: number): SetsThere => ({
  listed: ['INSTALL.amd64', ...ownSets(chosen, cpus)],
  signed: undefined,
  has: () => true,
});

const takeFromDisk = (talk: Talk, facts: InstallerFacts, chosen: Chosen) => {
  const isMounted = talk.askYes(questions.mounted, facts.mode === 'install' ? 'no' : 'yes');
  if (isMounted === false) {
    const disk = talk.ask(`Which disk contains the ${facts.mode} media?`, facts.disks.at(-1)?.name);
    talk.maybe(`Which ${disk.value} partition has the ${facts.mode} sets?`, 'a');
  }
  takeMounted(talk, facts, chosen, undefined);
};

const askSure = (talk: Talk, facts: InstallerFacts, { installed, number }: Chosen) => {
  for (const name of ['bsd', ...(facts.cpus > 1 ? ['bsd.mp'] : []), setFile('base', number)])
    if (!installed.has(name)) confirm(talk, sureQuestion(facts.mode, name), `${name} is not installed`);
};

const wherefrom = ({ hasCdrom, interfaces }: InstallerFacts): string =>
  `Location of sets? (${[...(hasCdrom ? ['cd0'] : []), 'disk', ...(interfaces.length > 0 ? ['http', 'nfs'] : [])].join(' ')} or 'done')`;

/** The questions about sets (install.sub, `install_sets`): from one place after the other, until it is done. */
export const askSets = (talk: Talk, facts: InstallerFacts, chosen: Chosen, root: RootDisk | undefined): void => {
  const room = hasRoomToVerify(root, facts);
  const isNetworked = facts.interfaces.length > 0;
  let fallback = isNetworked ? 'http' : facts.hasCdrom ? 'cd0' : 'disk';
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(wherefrom(facts), fallback);
    fallback = 'done';
    const place = reply.value.toLowerCase();
    if (reply.isOpen) talk.doubt();
    if (reply.value === 'done') break;
    if (place.startsWith('h') && isNetworked) takeByHttp(talk, facts, chosen, room);
    else if (place.startsWith('c') && facts.hasCdrom) takeMounted(talk, facts, chosen, onCdrom(chosen, facts.cpus));
    else if (place.startsWith('d')) takeFromDisk(talk, facts, chosen);
    else if (place.startsWith('n') && isNetworked) {
      [questions.nfsServer, questions.nfsPath].forEach((question) => talk.ask(question));
      talk.askYes(questions.nfsTcp, 'no');
      takeMounted(talk, facts, chosen, undefined);
    } else if (isKnown(reply.value))
      talk.refuse(reply, `${quoted(shownValue(reply.value))} is no place for sets here: there is ${wherefrom(facts)}`);
  }
  askSure(talk, facts, chosen);
};
