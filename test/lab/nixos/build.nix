# Derivations without nixpkgs: a static busybox is the only builder, so no tool of the machine gets in.
let
  inherit (import ./artefacts.nix) busybox;
in
{
  run =
    name: environment: script:
    derivation (
      environment
      // {
        inherit name;
        system = "x86_64-linux";
        builder = "${busybox}/bin/sh";
        args = [ "-euc" script ];
        PATH = "${busybox}/bin";
      }
    );

  # a shell script with every @name@ replaced
  template =
    file: values:
    let
      names = builtins.attrNames values;
    in
    builtins.replaceStrings (map (name: "@${name}@") names) (map (name: "${values.${name}}") names) (
      builtins.readFile file
    );
}
