# Stand-in for a flake with nixpkgs and disko as inputs: the same attributes, and no input, so that it is
# evaluated and built without a network. `artefacts.json` and the store paths that it names come from labFlake().
{
  description = "NixOS-like systems of the test lab";

  outputs = _: { nixosConfigurations = import ./configurations.nix; };
}
