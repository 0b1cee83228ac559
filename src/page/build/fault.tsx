import type { Build, Fault } from '../api/types.ts';
import { hrefOf } from '../shell/router.ts';

const Quote = ({ name, text }: { readonly name: string; readonly text: string | undefined }) =>
  text === undefined || text === '' ? null : (
    <div>
      <dt>{name}</dt>
      <dd>
        <pre tabIndex={0} aria-label={name}>
          {text}
        </pre>
      </dd>
    </div>
  );

const whatToDo = (build: Build, fault: Fault): string => {
  if (build.status === 'held')
    return 'Its machine is kept: log in or type on its console, then mend the template and go on, or let it go.';
  if (fault.class === 'cancelled') return 'Nothing: it was cancelled.';
  if (fault.class === 'internal') return 'Report it, with the log of the daemon.';
  return fault.retryable
    ? 'The same build may do better another time: start it again.'
    : 'The same build would fail again: mend the template or what it names first.';
};

type Props = {
  readonly build: Build;
  readonly fault: Fault;
  /** Else it can be opened: what is shown below it is looked at for the fault. */
  readonly isWhole: boolean;
};

/** Why a build failed, as a person would tell it. */
export const FaultStory = ({ build, fault, isWhole }: Props) => (
  <section class="fault" aria-label="Why it failed">
    <h2>
      {fault.title}
      {fault.step === undefined ? null : (
        <>
          , in <code>{fault.step}</code>
        </>
      )}
    </h2>
    <p>{fault.message}</p>
    <details open={isWhole}>
      <summary>What it expected and saw, and what to do</summary>
      <dl>
        <Quote name="Expected" text={fault.expected} />
        <Quote name="Saw" text={fault.saw} />
        <Quote name="The console’s last lines" text={fault.console_tail} />
        <Quote name="The screen" text={fault.screen} />
        <Quote name="Facts" text={fault.facts && JSON.stringify(fault.facts, null, 2)} />
      </dl>
      <p>
        <strong>What to do:</strong> {whatToDo(build, fault)}
      </p>
      <p class="links">
        <a href={hrefOf(['builds', build.id, 'console'])}>Its console</a>
        <a href={hrefOf(['builds', build.id, 'log'])}>Its log</a>
        <a href={`problems/${fault.code}`}>What {fault.code} means</a>
      </p>
    </details>
  </section>
);
