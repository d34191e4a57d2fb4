import { X509Certificate } from "node:crypto";

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const form = 'must be certificates as PEM text ("-----BEGIN CERTIFICATE-----…")';

export function certificatesOf(pem: string): string[] {
  return pem.match(block) ?? [];
}

/** What is wrong with the text of an authority, told after the name of the property; nothing when it is right. */
export function authorityProblem(pem: string): string | undefined {
  if (pem.includes("PRIVATE KEY-----")) return `${form}, without a private key`;
  const found = certificatesOf(pem);
  if (found.length === 0) return pem.includes("\n") ? form : `${form}, not the path of a file`;
  return found.every(isCertificate) ? undefined : `${form}: what stands there cannot be read as one`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
