import { useState } from 'preact/hooks';

type Props = {
  readonly text: string;
  /** What it is, for who hears the page. */
  readonly what: string;
};

/** The button that takes a text along. Browsers give it to pages alone that came over TLS, or from this host. */
export const Copy = ({ text, what }: Props) => {
  const [state, setState] = useState<'copy' | 'copied' | 'not copied'>('copy');
  if (!isSecureContext) return null;
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('not copied'),
    );
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={copy}>
      <span aria-live="polite">{state}</span>
    </button>
  );
};
