import type { Input } from "@pulumi/pulumi";
import { fcosHostSchema, type FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosHostArgs } from "../../../provider/index";
import { fcosInputsOf } from "../support/fcos-builders";

/** What the engine hands on: the value of every input. */
type Plain<T> = T extends Input<infer Value> ? PlainValue<Value> : never;
type PlainValue<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : { [Key in keyof T]: Plain<T[Key]> };

/** The image is the one argument that the constructor turns into something else. */
type Documented = Omit<FcosHostArgs, "image"> & { image: string };
type DeclaredArgs = PlainValue<Documented>;
type CheckedArgs = Pick<FcosHostInputs, keyof FcosHostArgs>;

/** `tsc` refuses these two lines when documentation and schema part ways, in either direction. */
const checkedToDeclared = (args: CheckedArgs): DeclaredArgs => args;
const declaredToChecked = (args: DeclaredArgs): CheckedArgs => args;

test("args and schema describe the same values", () => {
  const { machine, connection, image } = fcosInputsOf();
  const args = declaredToChecked(checkedToDeclared({ machine, connection, image }));
  expect(fcosHostSchema.parse({ ...fcosInputsOf(), ...args })).toEqual(fcosInputsOf());
});
