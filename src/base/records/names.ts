const stored = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';

/** What a stored template, a schedule or a secret of the host is called: all that a document may call itself, and capitals. */
export const storedName = new RegExp(`^${stored}$`);
export const storedNameRule = '1 to 64 letters, digits and . _ -, the first a letter or digit';

/** The name of a stored template, or of one of its versions. */
export const templateReference = new RegExp(`^${stored}(?:@[1-9][0-9]{0,8})?$`);

/** What a document calls itself, or one of its machines. */
export const documentName = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const documentNameRule = 'lower case letters, digits and . _ -, at most 64';
