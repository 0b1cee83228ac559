import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/text/nearest.ts';

// What qemu-img and vmctl say when an image cannot be opened or read, whatever its header said.
const ofImage =
  /could not open|its base|could not read|reading at|while reading|failed to read from source|corrupt|L[12] table|refcount|Input\/output error/i;

/**
 * Works on a disk that is made of an image. Where the image is to blame, the fault is the template's: it names the image
 * as the template does, and is not tried again.
 */
export const blamingBase = async <T>(
  base: { readonly shown: string } | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (base === undefined || !(error instanceof Fault) || error.code !== 'disk_failed') throw error;
    if (!ofImage.test(`${error.message}\n${error.facts.stderr ?? ''}`)) throw error;
    throw new Fault(
      'base_unusable',
      `The image ${quoted(base.shown)} cannot be read to its end: it is damaged. Make it anew, or mend it with qemu-img check -r all.`,
      {},
      { cause: error },
    );
  }
};
