import { quoted } from '../../base/text/nearest.ts';
import { releases } from '../../base/openbsd/releases.ts';
import { setsFolder } from '../../base/openbsd/mirror-layout.ts';
import { setFile } from '../set-names.ts';
import { allSets, choose, ownSets, siteSets, type ChosenAnswer } from './choice.ts';
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
  noNotes: 'INSTALL.amd64 not found. Use sets found here anyway?',
};

const sureQuestion = (mode: string, set: string): string => `Are you *SURE* your ${mode} is complete without '${set}'?`;

const mostRounds = 40;

/** Sets of a place that was not seen: those of the release are taken to be there. */
const chooseUnseen = (talk: Talk, facts: InstallerFacts, chosen: ChosenAnswer) =>
  choose(talk, ownSets(chosen, facts.cpus), chosen).forEach((name) => chosen.installed.add(name));

const takeSets = (
  talk: Talk,
  facts: InstallerFacts,
  chosen: ChosenAnswer,
  found: SetsThere | undefined,
  room: boolean | undefined,
) => {
  if (found === undefined) {
    talk.maybe(questions.noNotes, 'no');
    chooseUnseen(talk, facts, chosen);
    maybeAskToVerify(talk, siteSets(chosen), room);
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
  if (selected.length === 0) return;
  askToVerify(talk, facts, found, selected, room);
  selected.forEach((name) => chosen.installed.add(name));
};

const isFromList = ({ value, isSure }: Reply): boolean => isSure && /^(\d+|\?)$/.test(value);

/** The server, asked again for each number of a line in openbsd.org's list of mirrors, which the next answer confirms. */
const askServer = (talk: Talk, facts: InstallerFacts): Reply => {
  const question = facts.outside ? questions.serverOfList : questions.server;
  let fallback = facts.mode === 'upgrade' ? 'the one of /etc/installurl' : undefined;
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(question, fallback);
    if (!isFromList(reply)) return reply;
    if (!facts.outside) {
      talk.refuse(
        reply,
        `${quoted(reply.value)} is not a server: without a network outside there is no list of mirrors`,
      );
      return reply;
    }
    talk.remark(reply, "is taken from openbsd.org's list of mirrors: without that list the installation fails");
    if (reply.value !== '?') fallback = `line ${reply.value} of the list of mirrors`;
  }
  return talk.ask(question, fallback);
};

const judgeServer = (reply: Reply, talk: Talk) => {
  if (reply.isSure && !/^(https?:\/\/)?[A-Za-z0-9:.[\]%_-]+$/.test(reply.value))
    talk.refuse(reply, `${quoted(reply.value)} is not a server: write "host", "host:port" or "http://host:port"`);
};

const takeByHttp = (talk: Talk, facts: InstallerFacts, chosen: ChosenAnswer, room: boolean | undefined) => {
  const proxy = talk.ask(questions.proxy, 'none');
  if (proxy.isSure && proxy.value !== 'none' && !/^https?:\/\/\S+$/.test(proxy.value))
    talk.refuse(proxy, `${quoted(proxy.value)} is neither the URL of a proxy nor "none"`);
  const server = askServer(talk, facts);
  if (server.value === 'done') return;
  if (server.line !== undefined && !isFromList(server)) judgeServer(server, talk);
  const standard = facts.release === 'current' ? 'snapshots' : facts.release;
  const directory = talk.ask(questions.directory, setsFolder(standard));
  // The installation ends at a server without an answer: what its sets would be asked for is not asked.
  if (server.answer === undefined) chooseUnseen(talk, facts, chosen);
  else takeSets(talk, facts, chosen, facts.setsAt(server.value, directory.value.replace(/^\/+|\/+$/g, '')), room);
};

const takeMounted = (talk: Talk, facts: InstallerFacts, chosen: ChosenAnswer, found: SetsThere | undefined) => {
  const path = talk.ask(questions.path, `${facts.release}/amd64`);
  if (path.value !== 'done') takeSets(talk, facts, chosen, found, true);
};

// install79.iso and its like have the sets and INSTALL.amd64, and no SHA256.sig.
const onCdrom = (chosen: ChosenAnswer, cpus: number): SetsThere => ({
  listed: ['INSTALL.amd64', ...ownSets(chosen, cpus)],
  signed: undefined,
  has: () => true,
});

const takeFromDisk = (talk: Talk, facts: InstallerFacts, chosen: ChosenAnswer) => {
  const isMounted = talk.askYes(questions.mounted, facts.mode === 'install' ? 'no' : 'yes');
  if (isMounted === false) {
    const disk = talk.ask(`Which disk contains the ${facts.mode} media?`, facts.disks.at(-1)?.name);
    talk.maybe(`Which ${disk.value} partition has the ${facts.mode} sets?`, 'a');
  }
  takeMounted(talk, facts, chosen, undefined);
};

const askSure = (talk: Talk, facts: InstallerFacts, { installed, number }: ChosenAnswer) => {
  for (const name of ['bsd', ...(facts.cpus > 1 ? ['bsd.mp'] : []), setFile('base', number)])
    if (!installed.has(name)) confirm(talk, sureQuestion(facts.mode, name), `${name} is not installed`);
};

const wherefrom = ({ hasCdrom, interfaces }: InstallerFacts): string =>
  `Location of sets? (${[...(hasCdrom ? ['cd0'] : []), 'disk', ...(interfaces.length > 0 ? ['http', 'nfs'] : [])].join(' ')} or 'done')`;

/**
 * What the installer takes when nothing says where sets are: two rules that agree but on a machine with a CD and an
 * interface that was not booted over the network. Where it is not known which of them holds, it is the older one. An
 * upgrade goes by the installurl(5) of what is installed.
 */
const defaultPlace = ({ release, mode, hasCdrom, interfaces, isNetbooted }: InstallerFacts): string => {
  if (interfaces.length === 0) return hasCdrom ? 'cd0' : 'disk';
  const isHttp = mode === 'upgrade' || releases[release].installer.location === 'http';
  return isNetbooted || !hasCdrom || isHttp ? 'http' : 'cd0';
};

const remarkOnDefault = (talk: Talk, reply: Reply, facts: InstallerFacts) => {
  const { release, mode, hasCdrom, interfaces, isNetbooted } = facts;
  const mayDiffer = mode === 'install' && hasCdrom && interfaces.length > 0 && !isNetbooted;
  if (reply.line === undefined && mayDiffer && releases[release].installer.location === 'unknown')
    talk.remark(
      reply,
      'leaves "Location of sets" to the installer, which takes cd0 or http, by its release: answer it',
    );
};

/** A drive by any name that the installer knows it by: it makes the device of all others, in vain. */
const isCdrom = (value: string): boolean => /^(?:[cC][dD]?|cd\d)$/.test(value);

/** The questions about sets (install.sub, `install_sets`): from one place after the other, until it is done. */
export const askSets = (talk: Talk, facts: InstallerFacts, chosen: ChosenAnswer, root: RootDisk | undefined): void => {
  const room = hasRoomToVerify(root, facts);
  const isNetworked = facts.interfaces.length > 0;
  let fallback = defaultPlace(facts);
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(wherefrom(facts), fallback);
    if (round === 0) remarkOnDefault(talk, reply, facts);
    fallback = 'done';
    const place = reply.value.toLowerCase();
    if (reply.isOpen) talk.doubt();
    if (reply.value === 'done') break;
    if (place.startsWith('h') && isNetworked) takeByHttp(talk, facts, chosen, room);
    else if (isCdrom(reply.value) && facts.hasCdrom) takeMounted(talk, facts, chosen, onCdrom(chosen, facts.cpus));
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
