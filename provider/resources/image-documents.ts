import * as pulumi from "@pulumi/pulumi";
import { HostError } from "../core/errors";
import { ignitionConfig } from "../image/ignition";
import * as okd from "../image/okd";

/** A FcosLayeredImage, or the reference of another image: `registry/repository@sha256:…`. */
export type ImageSource = pulumi.Input<string> | { reference: pulumi.Input<string> };

/** What `new kubernetes.apiextensions.CustomResource(name, …)` takes; of an interface it would miss the index signature. */
export type KubernetesObject<Document extends okd.MachineConfig | okd.MachineOSConfig> = {
  apiVersion: Document["apiVersion"];
  kind: Document["kind"];
  metadata: pulumi.Output<Document["metadata"]>;
  spec: pulumi.Output<Document["spec"]>;
};

export interface MachineConfigArgs {
  /** The MachineConfigPool whose nodes get the image: `worker`, `master`, or one of your own. At most 63 characters. */
  pool: pulumi.Input<string>;
  /** Of the object. Of several that name an image the operator takes the last one by name. Default: `99-<pool>-layered-image`. */
  name?: pulumi.Input<string>;
  /** Added to the nodes' kernel command line. */
  kernelArguments?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * A MachineConfig that moves the nodes of a pool of OKD or OpenShift to the image. The operator drains and reboots them
 * one after the other; to go back, declare the earlier image: it keeps no other way back on the node.
 */
export function machineConfig(
  image: ImageSource,
  args: MachineConfigArgs,
): KubernetesObject<okd.MachineConfig> {
  const options = pulumi.output(args) as pulumi.Output<okd.MachineConfigOptions>;
  return {
    apiVersion: okd.apiVersion,
    kind: "MachineConfig",
    metadata: options.apply((known) => asText(() => okd.machineConfigMetadata(known))),
    spec: pulumi
      .all([referenceOf(image), options])
      .apply(([reference, known]) => asText(() => okd.machineConfig(reference, known).spec)),
  };
}

export interface ContainerfileArgs {
  /** At most 4096 characters, with `FROM configs AS final` as its last stage. */
  content: pulumi.Input<string>;
  /** Default: `NoArch`, for all. */
  containerfileArch?: pulumi.Input<(typeof okd.architectures)[number]>;
}

export interface MachineOSConfigArgs {
  /** The MachineConfigPool, and the name of the object: there is one for each pool. */
  pool: pulumi.Input<string>;
  /** Where the operator pushes what it built: `host.domain[:port]/namespace/name:tag`, with a tag; at most 447 characters. */
  renderedImagePushSpec: pulumi.Input<string>;
  /** A secret in the namespace openshift-machine-config-operator that may push there. */
  renderedImagePushSecret: pulumi.Input<string>;
  /** A secret there that may pull the base image. Default: the cluster's pull secret. */
  baseImagePullSecret?: pulumi.Input<string>;
  /** What is built on top of the cluster's own image; several for several architectures, at most four. */
  containerFile?: pulumi.Input<string | pulumi.Input<ContainerfileArgs>[]>;
}

/**
 * A MachineOSConfig: the cluster builds the image of a pool itself, from a Containerfile (OpenShift 4.19, OKD 4.19 and
 * later). Such an image passes none of our inspections.
 */
export function machineOSConfig(args: MachineOSConfigArgs): KubernetesObject<okd.MachineOSConfig> {
  const options = pulumi.output(args) as pulumi.Output<okd.MachineOSConfigOptions>;
  const document = options.apply((known) => asText(() => okd.machineOSConfig(known)));
  return {
    apiVersion: okd.apiVersion,
    kind: "MachineOSConfig",
    metadata: document.apply(({ metadata }) => metadata),
    spec: document.apply(({ spec }) => spec),
  };
}

export interface IgnitionArgs {
  /** What a machine needs to pull the image; it stays on the machine, in /etc. Makes the whole document a secret. */
  registry?: pulumi.Input<{
    username?: pulumi.Input<string>;
    /** Best one that may only pull. */
    password?: pulumi.Input<string>;
    /** PEM text of the authority that signed the registry's certificate. */
    certificateAuthority?: pulumi.Input<string>;
  }>;
  /**
   * The machine must find a valid signature (`ostree-image-signed:`): its /etc/containers/policy.json and the key come
   * with `merge`. Default: false; what is pulled is still what the digest says.
   */
  signed?: pulumi.Input<boolean>;
  /** An Ignition document of specification 3 with users, keys and all else, as an object or as JSON text (Butane's output). */
  merge?: pulumi.Input<string | object>;
}

/**
 * An Ignition document, as JSON text, whose first boot moves a stock Fedora CoreOS machine to the image and reboots it.
 * Zincati is masked: it would look for updates of the stock image. Not for nodes of OKD: those get a `machineConfig`.
 */
export function ignition(image: ImageSource, args: IgnitionArgs = {}): pulumi.Output<string> {
  const options = pulumi.output(args) as pulumi.Output<Parameters<typeof ignitionConfig>[1]>;
  const text = pulumi
    .all([referenceOf(image), options])
    .apply(([reference, known]) => asText(() => JSON.stringify(ignitionConfig(reference, known))));
  return args.registry === undefined ? text : pulumi.secret(text);
}

function referenceOf(image: ImageSource): pulumi.Output<string> {
  if (typeof image === "string" || pulumi.Output.isInstance(image)) return pulumi.output(image);
  return pulumi.output("reference" in image ? image.reference : image);
}

/** In the program's process only this error is shown as its text, without our source. */
function asText<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof HostError ? new pulumi.RunError(error.text()) : error;
  }
}
