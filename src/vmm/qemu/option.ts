/**
 * One argument in QEMU's own syntax: `head,key=value,...`; a key without a value is left out. A comma inside a value
 * is doubled, so that no value can begin another option (QEMU's manual, "Invocation": "Use ,, to pass a comma").
 */
export const option = (head: string, pairs: Readonly<Record<string, string | number | undefined>> = {}): string =>
  [
    ...(head === '' ? [] : [head]),
    ...Object.entries(pairs).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${String(value).replaceAll(',', ',,')}`],
    ),
  ].join(',');
