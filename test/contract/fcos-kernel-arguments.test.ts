import { usualKargs } from "./fcos-parts";
import { FcosStage } from "./fcos-stage";
import { done } from "./support";

const stage = new FcosStage();
const kernelArguments = { present: ["panic=30", "console=ttyS0"], absent: ["mitigations=auto,nosmt"] };

test("with a new image: one staged deployment has both, one reboot", async () => {
  const { machine, image, news } = await stage.declared({}, { kernelArguments });
  const { props } = done(await stage.provider.create(news));
  const { kargs } = machine.bootedDeployment;
  expect(kargs).toEqual(expect.arrayContaining(["panic=30", "console=ttyS0", "rw"]));
  expect(kargs).not.toContain("mitigations=auto,nosmt");
  expect(props).toMatchObject({ kernelArguments, booted: { digest: image.digest } });
  expect(machine.boots).toHaveLength(2);
  expect(machine.did(/^rpm-ostree kargs --/)).toHaveLength(1);
});

test("alone, later: the same image with other arguments, without a download", async () => {
  const { machine, image, news, props } = await stage.deployed();
  const later = { ...news, kernelArguments };
  expect((await stage.provider.diff("web", props, later)).changes).not.toBe("none");
  const { props: last } = done(await stage.provider.update("web", props, later));
  expect(machine.registry.pulls).toBe(1);
  expect(machine.boots).toHaveLength(3);
  expect(machine.bootedDeployment.image.digest).toBe(image.digest);
  expect(machine.bootedDeployment.kargs).toContain("panic=30");
  expect(last).toMatchObject({ kernelArguments });
  expect((await stage.provider.diff("web", last, later)).changes).toBe("none");
});

test("what holds already needs no reboot", async () => {
  const [present = ""] = usualKargs;
  const { machine, news, props } = await stage.deployed();
  const { props: last } = done(
    await stage.provider.update("web", props, {
      ...news,
      kernelArguments: { present: [present], absent: ["quiet"] },
    }),
  );
  expect(machine.boots).toHaveLength(2);
  expect(last).toMatchObject({ kernelArguments: { present: [present], absent: ["quiet"] } });
});
