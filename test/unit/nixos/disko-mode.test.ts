import { consequences, requireReinstallConsent } from "../../../provider/nixos/consequences";
import { diskoBegan, installReceipt } from "../../../provider/nixos/install-receipt";
import { type diskoModes } from "../../../provider/nixos/schema";
import { parseInstallReceipt } from "../../../provider/nixos/receipt";
import { contextOf, device, inputsOf, installerFacts, stateWith } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const inputsIn = (diskoMode: (typeof diskoModes)[number], hash = "0123456789abcdef") =>
  inputsOf({
    install: { disks: [{ device }], diskoMode },
    layout: { hash, devices: [device], kept: [], mountpoints: ["/"] },
  });
const line = (state: ReturnType<typeof stateWith>, news: ReturnType<typeof inputsOf>): string =>
  consequences(state, news).lines.join();

const words: [(typeof diskoModes)[number], string, string, RegExp][] = [
  ["disko", "WIPES /dev", "the disks are wiped already", /^REINSTALL wipes these disks/],
  ["format", "FORMATS whatever is not formatted yet on /dev", "formatted already", /^REINSTALL formats what/],
  ["mount", "keeps, and mounts, what is on /dev", "mounted already", /^REINSTALL keeps what is on these/],
];

describe.each(words)("mode %s", (mode, does, done, consent) => {
  const other = inputsIn(mode, "ffffffffffffffff");

  test("a preview says what it does to the disks, and nothing else", () => {
    const half = stateWith({ phase: "kexec", unfinished: "disko", __installed: { installKey: "" } });
    for (const text of [line(stateWith(), other), line(half, inputsIn(mode))]) {
      expect(text).toContain(does);
      expect(text.includes("WIPES")).toBe(mode === "disko");
    }
    expect(line(stateWith({ phase: "disko" }), inputsIn(mode))).toContain(done);
  });

  test("so does whoever asks for consent", async () => {
    const error = await failureOf(() => requireReinstallConsent(stateWith(), other));
    expect(error.details.next).toMatch(consent);
  });
});

describe("a receipt that says that disko was started", () => {
  const context = contextOf();
  const receiptOf = (done: string[], wiping: boolean) =>
    parseInstallReceipt(JSON.stringify(installReceipt(context, installerFacts(), done, { wiping })));
  const began = (receipt: ReturnType<typeof parseInstallReceipt>) =>
    diskoBegan(installerFacts({ receipt }), context);

  test("survives the way to the host and back", () => {
    expect(began(receiptOf(["kexec"], true))).toBe(true);
    expect(began(receiptOf(["kexec"], false))).toBe(false);
    expect(began(receiptOf(["kexec", "disko"], false))).toBe(true);
    expect(began(undefined)).toBe(false);
  });

  test("is none when it is of another install", () => {
    const receipt = receiptOf(["kexec"], true);
    expect(began(receipt && { ...receipt, installKey: "another" })).toBe(false);
    expect(began(receipt && { ...receipt, machine: "db" })).toBe(false);
  });
});
