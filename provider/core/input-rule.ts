/** What depends on more than one property of a resource's inputs. */
export interface InputRule<Inputs> {
  /** The property that is named. */
  path: string;
  /** All that is looked at: the rule is asked only when this is known, and right by itself. */
  reads: readonly string[];
  /** What is wrong, told after the path. */
  problem(inputs: Inputs): string | undefined;
}

/** The first name that stands in a list for the second time. */
export function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) < index);
}
