export interface WantedArguments {
  present: readonly string[];
  absent: readonly string[];
}

/** Of a kernel's command line; blanks within double quotes belong to a value. */
export function splitArguments(commandLine: string): string[] {
  return commandLine.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

/** Which of them are not there to the letter. */
export function missingArguments(commandLine: string, present: readonly string[]): string[] {
  const found = splitArguments(commandLine);
  return present.filter((wanted) => !found.includes(wanted));
}

/** What stands there and must not. */
export function unwantedArguments(commandLine: string, absent: readonly string[]): string[] {
  return splitArguments(commandLine).filter((argument) =>
    absent.some((unwanted) => isMeantBy(argument, unwanted)),
  );
}

/** How much of what is wanted holds: what a refresh shows. */
export function heldArguments(commandLine: string, { present, absent }: WantedArguments): WantedArguments {
  const found = splitArguments(commandLine);
  return {
    present: present.filter((wanted) => found.includes(wanted)),
    absent: absent.filter((unwanted) => !found.some((argument) => isMeantBy(argument, unwanted))),
  };
}

/** A name alone stands for all of its values. */
export function isMeantBy(argument: string, unwanted: string): boolean {
  return argument === unwanted || (!unwanted.includes("=") && argument.startsWith(`${unwanted}=`));
}
