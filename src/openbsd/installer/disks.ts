import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { isKnown } from './lines.ts';
import type { InstallerFacts } from './facts.ts';
import { releases } from '../../base/openbsd/releases.ts';
import type { Reply, Talk } from './talk.ts';

const questions = {
  root: "Which disk is the root disk? ('?' for details)",
  mbr: 'Use (W)hole disk MBR, whole disk (G)PT or (E)dit?',
  keepMbr: 'Use (W)hole disk MBR, whole disk (G)PT, (O)penBSD area or (E)dit?',
  gpt: 'An EFI/GPT disk may not boot. Proceed?',
  template: 'URL to autopartitioning template for disklabel?',
  layout: 'Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout?',
  more: 'Which disk do you wish to initialize?',
  force: 'Force checking of clean non-root filesystems?',
  passphrase: 'New passphrase?',
};

const mostRounds = 20;

/** The root disk as it will be laid out. */
export type RootDisk = {
  readonly name: string;
  /** The answer that names the template for disklabel. */
  readonly template: Reply | undefined;
  readonly isGpt: boolean;
};

const askRootDisk = (talk: Talk, { disks }: InstallerFacts): string => {
  const names = disks.map(({ name }) => name);
  const reply = talk.ask(questions.root, names[0]);
  const name = reply.value.replace(/^\/dev\//, '').replace(/^([sw]d\d+)[a-p]$/, '$1');
  // A disk label's own name (disklabel(8)) is not known before the machine runs.
  if (reply.isSure && !names.includes(name) && !/^[0-9a-f]{16}(\.[a-p])?$/.test(name))
    talk.refuse(reply, `the machine has no disk ${quoted(reply.value)}: ${didYouMean(reply.value, names)}`);
  return name;
};

const refuseEdit = (reply: Reply, talk: Talk, what: string) =>
  talk.refuse(reply, `${quoted(reply.value)} opens ${what}, which an unattended installation cannot use`);

/**
 * A disk with a base: whether OpenBSD is on it decides which of the questions is asked, and a line for the one does not
 * answer the other (amd64's install.md).
 */
const askKept = (talk: Talk): Reply => {
  const kept = talk.maybe(questions.keepMbr, 'OpenBSD');
  if (kept !== undefined) {
    talk.maybe(questions.mbr, 'whole');
    return kept;
  }
  const reply = talk.ask(questions.mbr, 'whole');
  if (reply.line !== undefined)
    talk.remark(
      reply,
      `answers nothing where the disk holds OpenBSD already: then ${quoted(questions.keepMbr)} is asked, and its area is kept. Give a line for each of the two`,
    );
  return reply;
};

/** UEFI looks for its system partition, which the installer makes in a GPT alone. */
const remarkOnMbr = (reply: Reply, talk: Talk) =>
  talk.remark(
    reply,
    `${reply.line === undefined ? `${quoted(questions.mbr)} may make` : 'makes'} an MBR, and from a disk with one a machine with UEFI does not boot: answer "gpt", and ${quoted(questions.gpt)} by "yes"`,
  );

/** How the disk is divided; true for a GPT. Whether a machine with UEFI is asked for less depends on the release. */
const askTable = (name: string, talk: Talk, { disks, isEfi }: InstallerFacts, isRoot: boolean): boolean => {
  const isBlank = disks.find((disk) => disk.name === name)?.isBlank ?? true;
  for (let round = 0; round < mostRounds; round++) {
    const reply = isBlank || round > 0 ? talk.ask(questions.mbr, 'whole') : askKept(talk);
    const choice = reply.value.toLowerCase();
    if (reply.isOpen) talk.doubt();
    if (choice.startsWith('w')) {
      if (isEfi && isRoot) remarkOnMbr(reply, talk);
      return false;
    }
    if (choice.startsWith('o') && !isBlank) return false;
    if (choice.startsWith('g')) {
      if (talk.askYes(questions.gpt, 'no') !== false) return true;
      continue;
    }
    if (choice.startsWith('e')) refuseEdit(reply, talk, 'the editor of fdisk(8)');
    else if (reply.isSure)
      talk.refuse(
        reply,
        `${quoted(reply.value)} must be "whole" or "gpt"${isBlank ? '' : ', or "OpenBSD" for an area that is there'}`,
      );
    return false;
  }
  return false;
};

// ftp(1) of the ramdisk reads these too.
const isFileUrl = (url: string): boolean => /^file:\/\S+$/.test(url);

const askTemplate = (talk: Talk): Reply | undefined => {
  const reply = talk.ask(questions.template, 'none');
  if (reply.value !== 'none') {
    talk.skip('when there is a template for disklabel', questions.layout);
    if (isKnown(reply.value) && isFileUrl(reply.value))
      talk.remark(reply, 'names a file of the installer itself: only a bsd.rd of your own has one');
    else if (isKnown(reply.value) && !/^(?:https?|ftp):\/\/[^/\s]+\/\S+$/.test(reply.value))
      talk.refuse(reply, `${quoted(reply.value)} is not the URL of a file: write it as "{{ http_url }}/disklabel"`);
    return reply;
  }
  const layout = talk.ask(questions.layout, 'a');
  const choice = layout.value.toLowerCase();
  if (choice.startsWith('e') || choice.startsWith('c')) refuseEdit(layout, talk, 'the editor of disklabel(8)');
  else if (layout.isSure && !choice.startsWith('a')) talk.refuse(layout, `${quoted(layout.value)} must be "a"`);
  return undefined;
};

const askEncryption = (talk: Talk, { release }: InstallerFacts) => {
  const question = releases[release].installer.encrypt;
  if (question === undefined) {
    talk.skip(`by an unattended installation of ${release}`, releases.current.installer.encrypt, questions.passphrase);
    return;
  }
  const reply = talk.ask(question, 'no');
  if (reply.isOpen || !reply.value.toLowerCase().startsWith('n'))
    talk.refuse(reply, 'must be "no": at every boot an encrypted root disk waits for a person who unlocks it');
  talk.skip('without encryption', questions.passphrase);
};

const askMore = (root: string, talk: Talk, facts: InstallerFacts) => {
  const left = new Set(facts.disks.map(({ name }) => name).filter((name) => name !== root));
  if (left.size === 0) talk.skip('on a machine with one disk', questions.more);
  while (left.size > 0) {
    const reply = talk.ask(questions.more, 'done');
    if (reply.isOpen) talk.doubt();
    if (reply.value === 'done' || reply.isOpen) return;
    if (!left.delete(reply.value)) {
      talk.refuse(
        reply,
        `there is no further disk ${quoted(reply.value)}: ${didYouMean(reply.value, [...left, 'done'])}`,
      );
      return;
    }
    askTable(reply.value, talk, facts, false);
  }
};

/** The questions of an installation about its disks. */
export const askDisks = (talk: Talk, facts: InstallerFacts): RootDisk => {
  const name = askRootDisk(talk, facts);
  askEncryption(talk, facts);
  const isGpt = askTable(name, talk, facts, true);
  if (!isGpt) talk.skip('when the disk gets no GPT', questions.gpt);
  const template = askTemplate(talk);
  askMore(name, talk, facts);
  return { name, template, isGpt };
};

/** The questions of an upgrade about its disks. */
export const askInstalledDisks = (talk: Talk, facts: InstallerFacts): void => {
  askRootDisk(talk, facts);
  talk.askYes(questions.force, 'no');
};
