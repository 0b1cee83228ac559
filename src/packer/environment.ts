/**
 * What is noted of a variable's default that asks for the environment of the process: to Packer a name that is not set there
 * is an empty text, and of the daemon's environment a client sees nothing. `used` is the call.
 */
export const notSet = (used: string): string =>
  `has ${used}, which is as good as not set: the daemon's environment is not yours. Send the value with the build`;
