const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** The rows of a CSV text (RFC 4180). `refuse` is called with what is wrong with it. */
export const csvRows = (text: string, refuse: (message: string) => never): readonly (readonly string[])[] => {
  const rows: string[][] = [];
  let row: string[] = [];
  field.lastIndex = 0;
  while (field.lastIndex < text.length || row.length > 0) {
    const begin = field.lastIndex;
    const match = field.exec(text);
    if (match === null) return refuse(`is not CSV at its character ${begin + 1}`);
    const [, inQuotes, plain = '', end = ''] = match;
    row.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    // A line without anything is no row.
    if (row.length > 1 || row[0] !== '' || inQuotes !== undefined) rows.push(row);
    row = [];
    if (end === '') break;
  }
  return rows;
};
