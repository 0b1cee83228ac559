import { Fault, faults } from '../../base/fault.ts';
import { retry } from '../../base/waiting.ts';
import type { SshKey } from '../../guest/types.ts';
import { serveEndpoint } from '../../httpd/endpoint/serve-endpoint.ts';
import type { EndpointAnswer, Endpoint, EndpointRequest, EndpointSets } from '../../httpd/endpoint/types.ts';
import { render } from '../../template/language/render.ts';
import type { HttpEntry, RuntimeFacts } from '../../template/spec.ts';
import type { Machine } from '../../vmm/types.ts';
import { runtimeFactsOf, type Job } from '../job.ts';
import type { Running } from './running.ts';
import { siteSetFile } from '../media/site-files.ts';
import type { StepTools } from '../attempt/tools.ts';

const answerOf = (entry: HttpEntry, facts: RuntimeFacts, work: string): EndpointAnswer => {
  switch (entry.kind) {
    case 'text':
      return {
        kind: 'text',
        ...(entry.type === undefined ? {} : { type: entry.type }),
        render: () => render(entry.text, facts),
      };
    case 'file':
      return { kind: 'file', path: entry.file.path };
    case 'folder':
      return { kind: 'folder', path: entry.folder.path };
    case 'site':
      return { kind: 'file', path: siteSetFile(work, entry.path) };
  }
};

/** The mirror for one machine: what it fetched and what it was refused goes into the build's events and log. */
const setsFor = ({ mirror, event, said }: StepTools) => {
  const troubles = new Map<string, Fault>();
  const trouble = (): Fault | undefined => troubles.values().next().value;
  if (!mirror) return { trouble };
  const sets: EndpointSets = {
    mirror,
    onFetched: (set) => {
      troubles.delete(set.path);
      event('set.fetched', set);
      void said(
        [`guest fetched ${set.path}: ${set.bytes} bytes from the ${set.from}, SHA-256 ${set.sha256}, key ${set.key}`],
        '',
      );
    },
    onRefused: (refused) => {
      const { path, code, why } = refused;
      if (faults[code].class === 'infra') troubles.set(path, new Fault(code, why, { set: path }));
      event('set.refused', refused);
      void said([`guest was refused ${path}: ${why}`], '');
    },
  };
  return { trouble, sets };
};

// An interface goes and comes again when its guest resets itself (vmd(8)).
const untilThere = { attempts: 40, firstMs: 20, growth: 1.4, mostMs: 500 };

const isAbsent = (error: unknown): boolean => error instanceof Fault && error.facts['addressIsAbsent'] === true;

/** Tries until the machine's address is there; undefined when the machine goes before that. */
const whileThere = async (
  machine: Machine,
  open: () => Promise<Endpoint>,
  { clock, signal }: StepTools,
): Promise<Endpoint | undefined> => {
  const gone = new AbortController();
  machine.ended.then(
    () => gone.abort(new Fault('machine_stopped', 'The machine has gone.')),
    () => undefined,
  );
  try {
    return await retry(open, untilThere, isAbsent, clock, AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    signal.throwIfAborted();
    // A machine that has gone needs no endpoint any more: whether it went as it was due to is for the steps to judge.
    if (!gone.signal.aborted) throw error;
    return undefined;
  }
};

/**
 * Opens the endpoint of a machine that has a network, and gives what it knows of its requests. The endpoint is undefined
 * where there is none to open.
 */
export const openEndpoint = async (
  machine: Machine,
  job: Job,
  key: SshKey | undefined,
  tools: StepTools,
): Promise<{ readonly endpoint: Endpoint | undefined } & Pick<Running, 'trouble' | 'cutOff'>> => {
  const { sharedListener, event, said, room } = tools;
  const facts = runtimeFactsOf(machine, key);
  let cutOff: string | undefined;
  const onRequest = (request: EndpointRequest) => {
    const { method, url, bytes } = request;
    if (request.isCutOff === true) cutOff = `the reply to ${method} ${url} was cut off after ${bytes} bytes`;
    event('http.request', request);
    void said([`guest asked ${request.method} ${request.url}: ${request.status}, ${request.bytes} bytes`], '');
  };
  const { trouble, sets } = setsFor(tools);
  const { listen } = machine.addresses;
  const work = job.folders.work(job.slot);
  const open = (at: NonNullable<typeof listen>) =>
    serveEndpoint({
      at,
      ...(sharedListener === undefined ? {} : { sharedListener }),
      answers: new Map(job.spec.http.map((entry) => [entry.path, answerOf(entry, facts, work)])),
      hostname: machine.hostname,
      onRequest,
      onUnread: (what) => {
        cutOff = what;
      },
      room,
      ...(sets === undefined ? {} : { sets }),
    });
  const endpoint = listen === undefined ? undefined : await whileThere(machine, () => open(listen), tools);
  return { endpoint, trouble, cutOff: () => cutOff };
};
