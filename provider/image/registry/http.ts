import type { IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import * as tls from "node:tls";
import { HostError } from "../../core/errors";
import { bytes } from "../../core/format";
import { networkFailure } from "./network-failures";
import { authorityProblem, certificatesOf } from "../../core/pem";

export interface Question {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  url: URL;
  headers?: Record<string, string>;
  body?: Buffer;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Way {
  /** The property that errors send the reader to: `registry`, `base`. */
  property: string;
  /** PEM text of an authority that is trusted besides the public ones. */
  certificateAuthority?: string | undefined;
  /** For the whole answer to one question. */
  deadlineSeconds: number;
}

/** The distribution specification asks registries to take manifests of 4 MiB; no answer that we want is larger. */
const longestAnswer = 4 * 1024 * 1024;
const mostRedirects = 5;
const redirects = [301, 302, 303, 307, 308];

/** Asks, follows redirects, and asks once more when the connection broke: for questions that change nothing. */
export async function ask(question: Question, way: Way): Promise<Answer> {
  let current = question;
  for (let count = 0; count <= mostRedirects; count++) {
    const answer = await askPatiently(current, way);
    const to = answer.headers.location;
    if (!isHarmless(question) || !redirects.includes(answer.status) || to === undefined) return answer;
    current = redirected(current, to);
  }
  throw new HostError("registry-failed", {
    what: `${question.url.host} sends from one address to the next, more than ${mostRedirects} times`,
    next: `look whether ${way.property} names the registry itself`,
  });
}

function isHarmless({ method }: Question): boolean {
  return method === "GET" || method === "HEAD";
}

async function askPatiently(question: Question, way: Way): Promise<Answer> {
  try {
    return await askOnce(question, way).catch((error: unknown) => {
      if (isHarmless(question) && (error as { code?: unknown }).code === "ECONNRESET")
        return askOnce(question, way);
      throw error;
    });
  } catch (error) {
    throw networkFailure(error as Error, question.url, way);
  }
}

/** Storage elsewhere has its own signature in the address; the login is the registry's alone. */
function redirected(question: Question, location: string): Question {
  const url = URL.canParse(location, question.url.href) ? new URL(location, question.url) : undefined;
  if (url?.protocol !== "https:")
    throw new HostError("registry-failed", {
      what: `${question.url.host} sends to an address that is not https`,
      seen: (url?.origin ?? location).slice(0, 200),
      next: "let the registry give https addresses (behind a proxy it may need to be told its public one)",
    });
  const { authorization, ...others } = question.headers ?? {};
  const headers = url.host === question.url.host && authorization !== undefined ? question.headers : others;
  return { ...question, url, ...(headers && { headers }) };
}

function askOnce({ method, url, headers, body }: Question, way: Way): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { certificateAuthority, deadlineSeconds, property } = way;
    const options = {
      method,
      headers: {
        "user-agent": "pulumi-immutable-os",
        ...headers,
        ...(body && { "content-length": body.length }),
      },
      // A connection of its own: one that is kept may be closed at the other end just now.
      agent: false,
      // Node gives up an address of a name with several after 250 ms: too soon for a registry that is far away.
      autoSelectFamilyAttemptTimeout: Math.max(250, (deadlineSeconds * 1000) / 4),
      signal: AbortSignal.timeout(deadlineSeconds * 1000),
      ...(certificateAuthority !== undefined && { secureContext: contextOf(certificateAuthority, property) }),
    };
    const question = httpsRequest(url, options);
    question.on("error", reject).on("response", (response) => {
      const chunks: Buffer[] = [];
      let received = 0;
      response
        .on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          received += chunk.length;
          if (received > longestAnswer) response.destroy(tooLong(url));
        })
        .on("error", reject)
        .on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
    });
    question.end(body);
  });
}

function tooLong(url: URL): HostError {
  return new HostError("registry-failed", {
    what: `${url.host} answers with more than ${bytes(longestAnswer)}: this is no manifest and no configuration of an image`,
    next: "look whether the name is an image's",
  });
}

/** It takes a good part of a second to read all public authorities: once for each set is enough. */
const contexts = new Map<string, tls.SecureContext>();

/** What Node trusts by itself, and the given ones: `ca` alone would replace them. */
function contextOf(pem: string, property: string): tls.SecureContext {
  const known = contexts.get(pem);
  if (known !== undefined) return known;
  const problem = authorityProblem(pem);
  if (problem !== undefined)
    throw new HostError("bad-input", { what: `${property}.certificateAuthority: ${problem}` });
  const context = tls.createSecureContext({ ca: [...publicAuthorities(), ...certificatesOf(pem)] });
  contexts.set(pem, context);
  return context;
}

/** With those of NODE_EXTRA_CA_CERTS, where Node (22.15 and later) tells them. */
function publicAuthorities(): readonly string[] {
  const { getCACertificates, rootCertificates } = tls as Partial<typeof tls> & typeof tls;
  return getCACertificates?.("default") ?? rootCertificates;
}
