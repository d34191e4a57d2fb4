"use strict";

// Who may import whom: runtime → nixos, fcos, image → host, download → core. Everything not listed for a folder is forbidden.
const mayImport = {
  core: [],
  download: ["core"],
  host: ["core"],
  nixos: ["host", "download", "core"],
  fcos: ["host", "core"],
  image: ["host", "download", "core"],
  transport: ["core"],
  runtime: ["nixos", "fcos", "image", "host", "core", "transport"],
};

const folder = (name) => `^provider/${name}/`;

const layers = Object.entries(mayImport).map(([from, allowed]) => ({
  name: `${from}-imports`,
  comment: `${from} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing"} besides itself.`,
  severity: "error",
  from: { path: folder(from) },
  to: { path: "^provider/", pathNot: [from, ...allowed].map(folder) },
}));

const onlyFrom = (importers, target) => ({
  name: `only-from-${importers.name}`,
  comment: `${target} is used in ${importers.path} only.`,
  severity: "error",
  from: { path: "^provider/", pathNot: importers.path },
  to: { path: target },
});

module.exports = {
  forbidden: [
    ...layers,
    {
      name: "resources-imports",
      comment: "resources see runtime, the evaluators, core and local commands: nothing that changes a host.",
      severity: "error",
      from: { path: folder("resources") },
      to: {
        path: "^provider/",
        pathNot: [
          folder("resources"),
          folder("runtime"),
          folder("core"),
          "^provider/nixos/evaluat",
          "^provider/image/(resolve|okd|ignition)",
          "^provider/transport/local",
        ],
      },
    },
    {
      name: "public-face",
      comment: "index.ts shows the resources and nothing else.",
      severity: "error",
      from: { path: "^provider/index\\.ts$" },
      to: { path: ".", pathNot: "^provider/resources/" },
    },
    onlyFrom({ name: "transport-ssh", path: "^provider/transport/ssh" }, "^node_modules/(@types/)?ssh2/"),
    onlyFrom({ name: "transport-local", path: "^provider/transport/local" }, "^node_modules/execa/"),
    onlyFrom({ name: "runtime", path: "^provider/runtime/" }, "^node_modules/(@grpc/|@pulumi/pulumi/proto)"),
    {
      name: "product-stands-alone",
      comment: "The published package has no tests, tools or examples.",
      severity: "error",
      from: { path: "^provider/" },
      to: { path: "^(test|tools|examples)/" },
    },
    {
      name: "no-undeclared-packages",
      comment: "What the product imports is a dependency or a peer dependency.",
      severity: "error",
      from: { path: "^provider/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown"],
        dependencyTypesNot: ["npm-peer"],
      },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "all-found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^pulumi-immutable-os" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    // Types say as much about the direction as values do.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["require", "node", "default", "types"],
    },
  },
};
