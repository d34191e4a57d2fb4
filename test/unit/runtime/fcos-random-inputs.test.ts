import { consequences } from "../../../provider/fcos/consequences";
import { specOf } from "../../../provider/fcos/spec";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import { fcosStateWith } from "../support/fcos-builders";
import { Files } from "./bad-input/files";
import { everyGoodFcosHost } from "./every-good-fcos-host";
import { testRandomInputs } from "./random-checks";

const files = new Files();
afterAll(() => files.remove());

testRandomInputs({
  kind: fcosKind,
  variants: everyGoodFcosHost(files),
  secrets: ["hunter11", "hunter22", "open sesame"],
  work(checked) {
    specOf(checked);
    expect(consequences(fcosStateWith(), checked).lines).not.toEqual([]);
  },
});
