// The engine hands secrets to a dynamic provider as plain values, and marks in the answer what stands where one was.
import { newSystem } from "./machine-inputs";
import type { Quirks } from "./machine-parts";
import type { Props } from "./provider-process";
import { done, partial, Stage, urnOf } from "./support";

const stage = new Stage();
const passphrase = "open sesame, whoever you are";
const output = `cryptsetup was given: ${passphrase}`;

const declared = async (quirks: Quirks): Promise<Props> => {
  const machine = await stage.machine(quirks);
  return stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90"), connection: { passphrase } });
};

/** Where secrets are: path → how it ends. */
function secretPlaces(value: unknown, news: Props, path = ""): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => secretPlaces(inner, news, `${path}/${key}`));
  return secretsOf(news).some((secret) => String(value).includes(secret)) ? [path] : [];
}

function secretsOf(news: Props): string[] {
  const { privateKey } = news["connection"] as { privateKey: string };
  return [passphrase, ...privateKey.split("\n").filter((line) => line.length > 40)];
}

function expectSilence(news: Props, message = ""): void {
  const told = [
    message,
    ...stage.provider.engine.of(urnOf(news)).map((line) => line.message),
    stage.provider.output,
  ];
  for (const secret of secretsOf(news)) expect(told.join("\n")).not.toContain(secret);
}

test("after a create every secret stands where it stood in the inputs, and was told nowhere", async () => {
  const news = await declared({});
  const { props } = done(await stage.provider.create(news));
  expect(secretPlaces(props, news).sort()).toEqual(["/connection/passphrase", "/connection/privateKey"]);
  expectSilence(news);
});

test("a failed create as well, although a command of the machine printed one", async () => {
  const news = await declared({ jobs: { disko: { output, exitCode: 1 } } });
  const { props, message } = partial(await stage.provider.create(news));
  expect(secretPlaces(props, news).sort()).toEqual(["/connection/passphrase", "/connection/privateKey"]);
  expect(message).toContain("cryptsetup was given: [secret]");
  expectSilence(news, message);
});
