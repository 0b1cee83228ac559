/** A line of a response file is skipped when it begins with "#", and cut at its first "=" (install.sub of OpenBSD). */
export const questionPattern = /^[ \t]*[^ \t=#\r\n][^=\r\n]*$/;
