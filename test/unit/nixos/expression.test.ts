import { execFileSync, spawnSync } from "node:child_process";
import { configurationsExpression } from "../../../provider/nixos/expression";

/** Made-up configurations with what the real ones hold beside plain data: functions, internals, paths, derivations. */
const configurations = `let
  drv = name: { type = "derivation"; outPath = "/nix/store/\${name}"; system = "x86_64-linux"; __toString = self: self.outPath; };
  host = { loader ? { }, extra ? { } }: {
    options = throw "options must never be looked at";
    config = {
      system.build = { toplevel = drv "top"; initialRamdisk = drv "initrd"; } // extra;
      system.modulesTree = drv "modules";
      boot.kernelPackages.kernel = drv "kernel" // { modDirVersion = "6.1.2"; };
      boot.kernelParams = [ "quiet" (drv "param") ];
      boot.loader = loader;
    };
  };
  disko = {
    disko.devices = {
      _config = throw "internals must never be looked at";
      _scripts = drv "scripts";
      disk.main = {
        device = "/dev/vda"; destroy = true; _create = x: x; toJSON = x: x;
        size = 10; ratio = 1.5; none = null; file = /etc/hostname; hook = drv "hook";
        list = [ 1 (x: x) { _internal = x: x; keep = "yes"; } ];
      };
    };
  };
  withDisko = base: base // { config = base.config // disko; };
in {
  plain = host { };
  web = withDisko (host { extra.diskoScript = drv "disko"; });
  modes = withDisko (host { extra = {
    diskoScript = drv "disko"; formatMount = drv "format-mount"; mountScript = drv "mount"; formatScript = throw "mounts nothing";
  }; });
  locked = let base = host { }; in base // { config = base.config // { boot = base.config.boot // {
    initrd = {
      luks.devices = {
        a = { keyFile = null; crypttabExtraOpts = [ "tpm2-device=auto" ]; device = throw "never looked at"; };
        b.keyFile = "/disk.key";
        c = { };
      };
      secrets."/disk.key" = throw "a secret must never be looked at";
      clevis = { enable = true; devices.c = throw "a secret must never be looked at"; };
    };
    zfs.requestEncryptionCredentials = [ ];
  }; }; };
  "odd name \${"$"}{x}\\"q" = host { };
  broken = throw "this configuration is broken";
  sd = host { loader.systemd-boot.enable = true; };
  grubBios = host { loader.grub = { enable = true; device = "/dev/vda"; }; };
  grubEfi = host { loader.grub = { enable = true; efiSupport = true; device = "nodev"; }; };
  grubBoth = host { loader.grub = { enable = true; efiSupport = true; device = "/dev/vda"; }; };
  none = host { loader.systemd-boot.enable = false; loader.grub.enable = false; };
}`;

beforeAll(() => {
  if (spawnSync("nix-instantiate", ["--version"]).status !== 0) {
    throw new Error("nix is missing; it comes with the set-up: apt-get install nix-bin");
  }
});

/** The real Nix, offline and without a store of its own. */
function evaluate(...names: string[]): Record<string, Record<string, unknown>> {
  const expression = `(${configurationsExpression(names)}) (${configurations})`;
  const args = ["--eval", "--strict", "--json", "--read-write-mode", "-E", expression];
  const output = execFileSync("nix-instantiate", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(output) as Record<string, Record<string, unknown>>;
}

test("a configuration without disko", () => {
  expect(evaluate("plain")).toEqual({
    plain: {
      toplevel: "/nix/store/top",
      kernelRelease: "6.1.2",
      kernel: "/nix/store/kernel",
      modules: "/nix/store/modules",
      initrd: "/nix/store/initrd",
      kernelParams: ["quiet", "/nix/store/param"],
      diskoScript: "",
      formatScript: "",
      mountScript: "",
      unlock: { luks: {}, initrdFiles: [], clevis: [], asksForZfs: true },
      needs: { system: "x86_64-linux", bootMode: "" },
      devices: {},
    },
  });
});

test("of disko.devices functions and internals are dropped, derivations and paths become text", () => {
  expect(evaluate("web")["web"]).toMatchObject({ diskoScript: "/nix/store/disko" });
  expect(evaluate("web")["web"]?.["devices"]).toEqual({
    disk: {
      main: {
        device: "/dev/vda",
        destroy: true,
        size: 10,
        ratio: 1.5,
        none: null,
        file: "/etc/hostname",
        hook: "/nix/store/hook",
        list: [1, { keep: "yes" }],
      },
    },
  });
});

test("each of disko's modes has its script; format is the one that mounts, too", () => {
  expect(evaluate("modes")["modes"]).toMatchObject({
    diskoScript: "/nix/store/disko",
    formatScript: "/nix/store/format-mount",
    mountScript: "/nix/store/mount",
  });
  expect(evaluate("web")["web"]).toMatchObject({ formatScript: "", mountScript: "" });
});

test("how the boot opens what is encrypted, without a look at any secret", () => {
  expect(evaluate("locked")["locked"]?.["unlock"]).toEqual({
    luks: {
      a: { keyFile: "", options: ["tpm2-device=auto"] },
      b: { keyFile: "/disk.key", options: [] },
      c: { keyFile: "", options: [] },
    },
    initrdFiles: ["/disk.key"],
    clevis: ["c"],
    asksForZfs: false,
  });
});

test("the boot mode is what the loader's options allow to say", () => {
  const modes = Object.entries(evaluate("sd", "grubBios", "grubEfi", "grubBoth", "none")).map(
    ([name, { needs }]) => [name, (needs as { bootMode: string }).bootMode],
  );
  expect(Object.fromEntries(modes)).toEqual({
    sd: "uefi",
    grubBios: "bios",
    grubEfi: "uefi",
    grubBoth: "",
    none: "",
  });
});

test("names are quoted, and only what was asked for is looked at", () => {
  expect(Object.keys(evaluate("plain", 'odd name ${x}"q'))).toEqual(['odd name ${x}"q', "plain"].sort());
  expect(evaluate()).toEqual({});
});

test("a name that is not there: the message has those that are", () => {
  expect(() => evaluate("wbe")).toThrow(
    /the flake has no nixosConfigurations\.wbe; it has: broken, grubBios[\s\S]*plain, sd, web/,
  );
});

test("a broken configuration fails in its own words", () => {
  expect(() => evaluate("broken", "plain")).toThrow(/this configuration is broken/);
});
