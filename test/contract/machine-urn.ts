const numbers = new WeakMap<object, number>();
let count = 0;

/** A port is given out again once its machine has stopped; what the engine was told of one must not be taken for another. */
export function machineUrn(kind: string, machine: object): string {
  const number = numbers.get(machine) ?? ++count;
  numbers.set(machine, number);
  return `urn:pulumi:dev::contract::pulumi-nodejs:dynamic/immutable-os:${kind}::web-${number}`;
}
