import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** The bytes of a secret: those that `whsec_` has in base64, or the text itself. */
const keyOf = (secret: string): Uint8Array =>
  secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);

/**
 * The headers of a signed request, by the Standard Webhooks specification
 * (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over `id.timestamp.body`, the
 * timestamp in Unix seconds being that of this attempt. Without a secret there is no signature.
 */
export const signedHeaders = (
  { id, body, secret }: { readonly id: string; readonly body: string; readonly secret?: string },
  nowMs: number,
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return headers;
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
};
