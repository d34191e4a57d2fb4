import { ownWords } from "../../../provider/fcos/boot-order";

test.each([
  [
    "systemd's words after ostree's",
    "error: Installing kernel: fallocate: No space left on device\nostree-finalize-staged.service: Consumed 1.2s CPU time.\n",
    "error: Installing kernel: fallocate: No space left on device",
  ],
  ["no error is named", "Pulling manifest\nkilled\n", "killed"],
  ["two errors", "error: first\nerror: last\ndone\n", "error: last"],
  ["nothing", "", ""],
])("%s", (_name, output, words) => {
  expect(ownWords(output)).toBe(words);
});
