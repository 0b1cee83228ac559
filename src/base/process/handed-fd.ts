/** The first of the files that a program is given beside the usual three. Above what a shell uses for itself: POSIX gives scripts the single digits. */
export const firstHandedFd = 20;
