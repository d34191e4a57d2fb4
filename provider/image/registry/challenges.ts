/** What a `WWW-Authenticate` header asks for. */
export interface Challenge {
  scheme: "basic" | "bearer";
  realm: string;
  service: string;
  scope: string;
}

/** A scheme, or one `name=value` of it; quoted values are taken whole, so nothing in them looks like a scheme. */
const word = /(?:^|[\s,])(basic|bearer)(?=[\s,]|$)|([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

export function challengesOf(header: string): Challenge[] {
  const found: Challenge[] = [];
  for (const [, scheme, name = "", quoted, plain = ""] of header.matchAll(word)) {
    const last = found.at(-1);
    if (scheme !== undefined)
      found.push({ scheme: scheme.toLowerCase() as Challenge["scheme"], realm: "", service: "", scope: "" });
    else if (last !== undefined && isParameter(name.toLowerCase()))
      last[name.toLowerCase() as "realm"] = quoted?.replace(/\\(.)/g, "$1") ?? plain;
  }
  return found;
}

function isParameter(name: string): boolean {
  return ["realm", "service", "scope"].includes(name);
}
