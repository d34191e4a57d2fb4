import { changedParts } from "../../../provider/image/recipe";
import { imageKind } from "../../../provider/runtime/image-kind";
import { imageInputsOf } from "../support/image-builders";
import { Files } from "./bad-input/files";
import { everyGoodImage } from "./every-good-image";
import { testRandomInputs } from "./random-checks";

const files = new Files();
afterAll(() => files.remove());

testRandomInputs({
  kind: imageKind,
  variants: everyGoodImage(files),
  secrets: ["hunter11", "hunter33"],
  work: (checked) => changedParts(imageInputsOf(), checked),
});
