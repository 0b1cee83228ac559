/**
 * What becomes of the machine when a build fails: it goes, after the template's error cleanup; it is held as it is, and the
 * cleanup runs when the hold is over; or the cleanup runs first, and then it is held (Packer's -on-error has these words,
 * and `abort` for a hold without an end).
 */
export const onErrors = ['cleanup', 'hold', 'run-cleanup-provisioner'] as const;

export type OnError = (typeof onErrors)[number];
