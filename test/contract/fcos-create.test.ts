import { drivers, FcosStage, newKernel, oldKernel, orders, pulls, twoSided } from "./fcos-stage";
import { referenceOf } from "./fcos-parts";
import { machineId } from "./fcos-root";
import type { Props } from "./provider-process";
import { done } from "./support";

const stage = new FcosStage();

describe.each(drivers)("by %s", (driver) => {
  test("a running machine moves to an image, and every step is proved", async () => {
    const { machine, image, old, news } = await stage.declared({ driver });
    const { id, props } = done(await stage.provider.create(news));
    expect(id).toBe("web");
    expect(machine.boots.map((each) => each.image.digest)).toEqual([old.digest, image.digest]);
    expect(machine.connections).toBe(2);
    expect(machine.did(pulls)).toEqual([
      driver === "bootc"
        ? `bootc switch ${referenceOf(image)}`
        : `rpm-ostree rebase ostree-unverified-registry:${referenceOf(image)}`,
    ]);
    expect(machine.did(orders)).toEqual([]);
    // The boot entry is written and looked at before the reboot, not on the way down.
    const finalize = machine.steps.indexOf("systemctl stop ostree-finalize-staged.service");
    const reboot = machine.steps.findIndex((step) => /^systemctl .*reboot/.test(step));
    expect(finalize).toBeGreaterThan(0);
    expect(reboot).toBeGreaterThan(finalize);
    expect(machine.did(/^systemctl .*reboot/)).toHaveLength(1);
    expect(props).toMatchObject({
      machine: "web",
      unfinished: "",
      hostKeys: [machine.hostKey.publicKey],
      machineId,
      bootId: machine.root.bootId,
      ...twoSided(image.digest, newKernel),
      deployments: [
        { digest: image.digest, kernelRelease: newKernel, role: "booted", pinned: true },
        { digest: old.digest, kernelRelease: oldKernel, role: "rollback", pinned: false },
      ],
      history: [{ digest: image.digest, kernelRelease: newKernel }],
      attempts: [],
    });
  });

  test("what is on the row for good says each proof, in order, with both kernels and the digest", async () => {
    const { image, news } = await stage.declared({ driver });
    done(await stage.provider.create(news));
    const said = stage.said(news);
    const phases = said.map((line) => line.split(":")[0]);
    expect(phases).toEqual([
      ...["rebase", "check staged", "finalize", "guard", "reboot", "reboot", "confirm", "keep"],
    ]);
    expect(said.join("\n")).toContain(newKernel);
    expect(said.join("\n")).toContain(image.digest.slice(0, 19));
    expect(said[5]).toContain(`${oldKernel} → ${newKernel}`);
    expect(said.filter((line) => line.startsWith("warning"))).toEqual([]);
  });

  test("the same once more does nothing, and shows no change", async () => {
    const { machine, props, news } = await stage.deployed({ driver });
    expect((await stage.provider.diff("web", props, news)).changes).toBe("none");
    const connections = machine.connections;
    const { props: again } = done(await stage.provider.update("web", props, news));
    expect(machine.connections).toBe(connections + 1);
    expect(machine.did(/reboot|rebase|switch|rollback|stop |pin/)).toEqual([]);
    expect(again).toEqual(props);
  });

  test("a machine that runs the image already is confirmed without a reboot", async () => {
    const { machine, news, image } = await stage.deployed({ driver });
    // The state is lost: create again.
    const { props } = done(await stage.provider.create(news));
    expect(machine.did(/reboot|rebase|switch|rollback/)).toEqual([]);
    expect(props).toMatchObject({ booted: { digest: image.digest } });
  });

  test("the next image: the last confirmed one stays on the disk, and its pin goes", async () => {
    const { machine, news, props, image } = await stage.deployed({ driver });
    const next = machine.offer({ ...image, digest: `sha256:${"7".repeat(64)}` });
    const later = { ...news, image: referenceOf(next), ...twoSided(next.digest, newKernel) };
    expect((await stage.provider.diff("web", props, later)).changes).not.toBe("none");
    const { props: last } = done(await stage.provider.update("web", props, later));
    expect(last).toMatchObject({
      deployments: [
        { digest: next.digest, role: "booted", pinned: true },
        { digest: image.digest, role: "rollback", pinned: false },
      ],
      history: [{ digest: next.digest }, { digest: image.digest }],
    });
  });

  test("what somebody pinned stays pinned", async () => {
    const { machine, news, old } = await stage.declared({ driver, deployment: { pinned: true } });
    const { props } = done(await stage.provider.create(news));
    expect(props).toMatchObject({
      deployments: [{ pinned: true }, { digest: old.digest, pinned: true }],
    });
    expect(machine.did(/pin (-u|--unpin)/)).toEqual([]);
  });
});

test("with both front ends rpm-ostree is taken; asked for bootc, bootc", async () => {
  const { machine, news } = await stage.declared();
  done(await stage.provider.create(news));
  expect(machine.did(/^bootc/)).toEqual([]);
  const other = await stage.declared({}, { driver: "bootc" });
  done(await stage.provider.create(other.news));
  expect(other.machine.did(/^rpm-ostree (?!status)/)).toEqual([]);
  expect(other.machine.did(pulls)).toHaveLength(1);
});

const anything = JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] });
const signed = JSON.stringify({
  default: [{ type: "reject" }],
  transports: { docker: { "registry.test:5000": [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/k" }] } },
});

test.each([
  ["rpm-ostree", "unverified-registry", {}, anything, "rpm-ostree rebase ostree-unverified-registry:"],
  ["rpm-ostree", "image-signed", {}, signed, "rpm-ostree rebase ostree-image-signed:docker://"],
  [
    "rpm-ostree",
    "remote-registry",
    { remote: "fedora" },
    anything,
    "rpm-ostree rebase ostree-remote-registry:fedora:",
  ],
  ["bootc", "unverified-registry", {}, anything, "bootc switch "],
  ["bootc", "image-signed", {}, signed, "bootc switch --enforce-container-sigpolicy "],
] as const)("%s, transport %s", async (driver, transport, more, policy, command) => {
  const { machine, image, news } = await stage.declared({ driver }, { transport, ...more });
  machine.root.write("etc/containers/policy.json", policy);
  done(await stage.provider.create(news));
  expect(machine.did(pulls)).toEqual([command + referenceOf(image)]);
});

test("the state is plain JSON, and smaller than 4 kB without the login", async () => {
  const { props } = await stage.deployed();
  const { privateKey: _, ...connection } = props["connection"] as Props;
  const { __provider: __, ...state } = { ...props, connection } as Props;
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(4096);
});

test("a machine of stock Fedora CoreOS, which no container made", async () => {
  for (const driver of drivers) {
    const { machine, image, news } = await stage.declared({ driver, deployment: { reference: "" } });
    const { props } = done(await stage.provider.create(news));
    expect(machine.bootedDeployment.image.digest).toBe(image.digest);
    expect(props).toMatchObject({
      deployments: [{ digest: image.digest }, { digest: "", role: "rollback" }],
    });
  }
});

test("without a declared kernel release the image's own counts", async () => {
  const { news, image } = await stage.declared();
  const { props } = done(await stage.provider.create({ ...news, ...twoSided(image.digest, undefined) }));
  expect(props).toMatchObject({ booted: { digest: image.digest, kernelRelease: newKernel } });
});

test("every line is on the resource's own row", async () => {
  stage.provider.engine.lines.splice(0);
  const { news } = await stage.deployed();
  const { lines } = stage.provider.engine;
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.filter(({ urn }) => urn !== news["__urn"])).toEqual([]);
});
