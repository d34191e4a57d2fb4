import type { Input } from "@pulumi/pulumi";
import type { BaseArgs, FcosLayeredImageArgs } from "../../../provider/index";
import { imageSchema, type ImageInputs } from "../../../provider/image/schema";
import { imageInputsOf } from "../support/image-builders";

/** What the engine hands on: the value of every input. */
type Plain<T> = T extends Input<infer Value> ? PlainValue<Value> : never;
type PlainValue<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : { [Key in keyof T]: Plain<T[Key]> };

/** The base is the one argument that the constructor turns into something else. */
type Documented = Omit<FcosLayeredImageArgs, "base"> & { base: BaseArgs };
type DeclaredArgs = PlainValue<Documented>;
type CheckedArgs = Omit<Pick<ImageInputs, keyof FcosLayeredImageArgs>, "base"> & {
  base: Omit<ImageInputs["base"], "digest">;
};

/** `tsc` refuses these two lines when documentation and schema part ways, in either direction. */
const checkedToDeclared = (args: CheckedArgs): DeclaredArgs => args;
const declaredToChecked = (args: DeclaredArgs): CheckedArgs => args;

test("args and schema describe the same values", () => {
  const { kernel, registry, base } = imageInputsOf();
  const args = declaredToChecked(checkedToDeclared({ base, kernel, registry }));
  expect(imageSchema.parse({ ...imageInputsOf(), ...args })).toEqual(imageInputsOf());
});
