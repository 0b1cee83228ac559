import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Input } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { toBuild } from './made.ts';

/** Whether it goes on, or is built again, with another template. */
export const canBeMended = ({ status }: Build): boolean =>
  status === 'held' || status === 'failed' || status === 'cancelled';

/** What an archive is sent as, by the end of its name. */
const archives: readonly (readonly [end: RegExp, type: string])[] = [
  [/\.tar$/, 'application/x-tar'],
  [/\.(?:tar\.gz|tgz)$/, 'application/gzip'],
  [/\.(?:tar\.zst|tzst)$/, 'application/zstd'],
];

const typeOf = (name: string): string | undefined => archives.find(([end]) => end.test(name))?.[1];

const templateIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The template is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
};

type Sent = { readonly text: string; readonly archive: File | undefined; readonly from: string };

/** Sends the mended template, or the archive in its place. */
const send = async ({ id, status }: Build, { text, archive, from }: Sent): Promise<unknown> => {
  const path = `builds/${id}/${status === 'held' ? 'resume' : 'retry'}`;
  if (archive === undefined)
    return call<unknown>(path, {
      method: 'POST',
      body: { template: templateIn(text), ...(from === '' ? {} : { from }) },
    });
  const query = from === '' ? '' : `?from=${encodeURIComponent(from)}`;
  return call<unknown>(`${path}${query}`, {
    method: 'POST',
    body: archive.slice(0, archive.size, typeOf(archive.name)),
  });
};

const FromChoice = ({
  plan,
  from,
  choose,
}: {
  readonly plan: Input['plan'];
  readonly from: string;
  readonly choose: (step: string) => void;
}) => (
  <label>
    Go on from{' '}
    <select value={from} onChange={({ currentTarget }) => choose(currentTarget.value)}>
      <option value="">the step that failed</option>
      {plan.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  </label>
);

type Props = { readonly build: Build; readonly input: Input; readonly done: () => void };

/** Has a held build go on, or one that has failed be built again, with a template in which something is mended. */
export const Mend = ({ build, input, done }: Props) => {
  const [text, setText] = useState(() => JSON.stringify(input.template, null, 2));
  const [archive, setArchive] = useState<File>();
  const [from, choose] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const isHeld = build.status === 'held';
  const go = (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    send(build, { text, archive, from })
      .then(
        (answer) => {
          done();
          location.hash = toBuild(answer) ?? location.hash;
        },
        (caught: unknown) => setError(caught instanceof Error ? caught : new Error(String(caught))),
      )
      .finally(() => setBusy(false));
  };
  return (
    <form class="mend" aria-label="Mend" onSubmit={go}>
      <label for="mended">Template</label>
      <textarea
        id="mended"
        rows={16}
        spellcheck={false}
        value={text}
        disabled={archive !== undefined}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {text.includes('<sensitive>') ? (
        <p class="quiet">Sensitive values are not shown: write them in place of each &lt;sensitive&gt;.</p>
      ) : null}
      <p>
        <label>
          or an archive with the template and its files{' '}
          <input
            type="file"
            accept=".tar,.gz,.tgz,.zst,.tzst"
            onChange={({ currentTarget }) => setArchive(currentTarget.files?.[0])}
          />
        </label>
      </p>
      <p>
        {isHeld ? <FromChoice plan={input.plan} from={from} choose={choose} /> : null}{' '}
        <button type="submit" class="main" disabled={isBusy}>
          {isHeld ? 'Resume with this' : 'Retry with this'}
        </button>
      </p>
      <Trouble error={error} />
    </form>
  );
};
