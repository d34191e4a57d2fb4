// A STAND-IN for Ignition: it writes the files and units of a document, as the real one does before the first boot.
import { quote } from "../shell";

interface Document {
  storage?: { files?: { path: string; mode?: number; contents?: { source?: string } }[] };
  systemd?: { units?: { name: string; enabled?: boolean; mask?: boolean; contents?: string }[] };
}

type File = NonNullable<NonNullable<Document["storage"]>["files"]>[number];
type Unit = NonNullable<NonNullable<Document["systemd"]>["units"]>[number];

/** Shell lines that fill a new machine's `$etc`. What the stand-in does not know is an error. */
export function ignitionLines(text: string): string {
  const { storage = {}, systemd = {}, ...others } = JSON.parse(text) as Document;
  const unknown = [
    ...Object.keys(others).filter((key) => key !== "ignition"),
    ...Object.keys(storage).filter((key) => key !== "files"),
    ...Object.keys(systemd).filter((key) => key !== "units"),
  ];
  if (unknown.length > 0) throw new Error(`the stand-in for Ignition does not know ${unknown.join(", ")}`);
  return [...(storage.files ?? []).map(fileLine), ...(systemd.units ?? []).map(unitLines)].join("\n");
}

function fileLine({ path, mode = 0o644, contents }: File): string {
  if (!path.startsWith("/etc/")) throw new Error(`the stand-in for Ignition writes below /etc only: ${path}`);
  return write(path.slice("/etc/".length), decoded(contents?.source ?? "data:,"), mode);
}

function unitLines({ name, enabled, mask, contents }: Unit): string {
  const place = `systemd/system/${name}`;
  const wantedBy = /^WantedBy=(\S+)$/m.exec(contents ?? "")?.[1];
  return [
    contents === undefined ? "" : write(place, Buffer.from(contents), 0o644),
    mask === true ? `ln -sf /dev/null "$etc"/${quote(place)}` : "",
    enabled === true && wantedBy !== undefined
      ? `mkdir -p "$etc/systemd/system/${wantedBy}.wants"; ln -sf ../${quote(name)} "$etc/systemd/system/${wantedBy}.wants/"`
      : "",
  ].join("\n");
}

function write(place: string, content: Buffer, mode: number): string {
  return `base64 -d <<< ${content.toString("base64")} | install -D -m ${mode.toString(8)} /dev/stdin "$etc"/${quote(place)}`;
}

/** Of a data URL. */
function decoded(source: string): Buffer {
  const [, base64, data] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(source) ?? [];
  if (data === undefined) throw new Error(`the stand-in for Ignition fetches nothing: ${source}`);
  return base64 === undefined ? Buffer.from(decodeURIComponent(data)) : Buffer.from(data, "base64");
}
