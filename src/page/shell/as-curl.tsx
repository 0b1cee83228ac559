import { useEffect, useState } from 'preact/hooks';
import { callsNow, curlOf, onCalls } from '../api/calls.ts';

/** What the view has asked the API, as lines for a shell. */
export const AsCurl = () => {
  const [calls, setCalls] = useState(callsNow());
  useEffect(() => {
    setCalls(callsNow());
    return onCalls(() => setCalls(callsNow()));
  }, []);
  if (calls.length === 0) return null;
  return (
    <details class="as-curl">
      <summary>As curl</summary>
      <p class="quiet">
        With <code>IMAGED_URL={location.origin}</code> and <code>IMAGED_TOKEN</code> set;{' '}
        <a href="docs">what there is besides</a>.
      </p>
      <pre tabIndex={0} aria-label="The calls of this view, as curl lines">
        {calls.map((one) => `${curlOf(one)}\n`).join('')}
      </pre>
    </details>
  );
};
