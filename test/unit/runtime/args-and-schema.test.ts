import type { Input } from "@pulumi/pulumi";
import type { NixosHostArgs } from "../../../provider/index";
import { nixosHostSchema, type NixosHostInputs } from "../../../provider/nixos/schema";
import { inputsOf } from "../support/builders";

/** What the engine hands on: the value of every input. */
type Plain<T> = T extends Input<infer Value> ? PlainValue<Value> : never;
type PlainValue<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : { [Key in keyof T]: Plain<T[Key]> };

type DeclaredArgs = PlainValue<NixosHostArgs>;
type CheckedArgs = Pick<NixosHostInputs, keyof NixosHostArgs>;

/** `tsc` refuses these two lines when documentation and schema part ways, in either direction. */
const checkedToDeclared = (args: CheckedArgs): DeclaredArgs => args;
const declaredToChecked = (args: DeclaredArgs): CheckedArgs => args;

test("args and schema describe the same values", () => {
  const { machine, connection, install, system } = inputsOf();
  const args: CheckedArgs = { machine, connection, install, system };
  expect(nixosHostSchema.parse({ ...inputsOf(), ...declaredToChecked(checkedToDeclared(args)) })).toEqual(
    inputsOf(),
  );
});
