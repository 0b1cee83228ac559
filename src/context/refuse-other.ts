import { Fault } from '../base/fault.ts';
import { archiveHeadBytes, archiveKindOf, type ArchiveKind } from '../base/file/archive-kind.ts';
import type { Encoding, Stage } from './inflate.ts';

const fitting: Readonly<Record<Encoding, ArchiveKind>> = { identity: 'tar', gzip: 'gzip', zstd: 'zstd' };

const whyOther = (head: Buffer, encoding: Encoding): string | undefined => {
  const kind = archiveKindOf(head);
  switch (kind) {
    case fitting[encoding]:
      return undefined;
    case 'JSON':
      return 'The body is JSON, not a tar archive: send Content-Type: application/json.';
    case 'tar':
      return 'The body is a tar archive that is not compressed: send Content-Type: application/x-tar.';
    case 'gzip':
    case 'zstd':
      return `The archive is compressed by ${kind}: send Content-Type: application/${kind}.`;
    case 'xz':
    case 'bzip2':
      return `The archive is compressed by ${kind}: send tar, gzip or zstd.`;
    default:
      // A tar of no files is zeros; one that is cut off is told by its end.
      return head.length < archiveHeadBytes || (encoding === 'identity' && head.every((byte) => byte === 0))
        ? undefined
        : `The body is no ${encoding === 'identity' ? 'tar archive' : `file of ${encoding}`}.`;
  }
};

/** Passes on a body that begins as its type says. Throws `context_invalid` with the type that another body needs. */
export const refuseOther = (encoding: Encoding): Stage =>
  async function* (bytes) {
    const chunks: Uint8Array[] = [];
    let isJudged = false;
    const judge = () => {
      isJudged = true;
      const why = whyOther(Buffer.concat(chunks).subarray(0, archiveHeadBytes), encoding);
      if (why !== undefined) throw new Fault('context_invalid', why);
    };
    let seen = 0;
    for await (const chunk of bytes) {
      if (isJudged) {
        yield chunk;
        continue;
      }
      chunks.push(chunk);
      seen += chunk.length;
      if (seen < archiveHeadBytes) continue;
      judge();
      yield* chunks.splice(0);
    }
    if (isJudged) return;
    judge();
    yield* chunks;
  };
