const shortestLine = 8;

/** The forms in which a secret reaches a log: itself, as part of a URL, a JSON string or base64, and line by line. */
const formsOf = (secret: string): readonly string[] => {
  const text = Buffer.from(secret);
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= shortestLine);
  const shell = secret.replaceAll("'", "'\\''");
  const base64 = [text.toString('base64'), text.toString('base64url')];
  return [secret, ...lines, encodeURIComponent(text.toString()), JSON.stringify(secret).slice(1, -1), shell, ...base64];
};

/**
 * Makes the function that puts `<sensitive>` in place of every secret in a text, the longest first, so that none is
 * left in halves. Empty secrets are none.
 */
export const maskOf = (secrets: readonly string[]): ((text: string) => string) => {
  const forms = [...new Set(secrets.filter((secret) => secret !== '').flatMap(formsOf))].sort(
    (a, b) => b.length - a.length,
  );
  if (forms.length === 0) return (text) => text;
  const any = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(any, '<sensitive>');
};
