import { HostError } from "../../core/errors";
import type { RegistryLogin } from "../types";
import { complaintOf, jsonOf, textOf, unexpected } from "./answers";
import { challengesOf, type Challenge } from "./challenges";
import { ask, type Answer, type Way } from "./http";
import { storedLogin } from "./stored-login";

/** Where a login is asked for, and for what. */
export interface Purpose {
  registry: string;
  repository: string;
  action: "pull" | "push" | "delete";
}

/** A registry wants to see the right to read with the right to write. */
const scopeOf = { pull: "pull", push: "pull,push", delete: "pull,delete" } as const;

interface Login {
  username: string | undefined;
  password: string;
  /** Why a login that is stored on this machine could not be used. */
  unread: string[];
}

/** Answers a registry's 401. Nothing is sent before it asks; a login or token is kept for the next question. */
export class Authentication {
  private readonly headers = new Map<string, string>();
  private readonly secrets = new Set<string>();
  private readonly logins = new Map<string, Promise<Login>>();

  constructor(
    private readonly given: RegistryLogin,
    private readonly way: Way,
  ) {}

  /** The Authorization header that an earlier answer showed to be needed. */
  known(purpose: Purpose): string | undefined {
    return this.headers.get(keyOf(purpose));
  }

  async answer(refusal: Answer, purpose: Purpose): Promise<string> {
    const challenges = challengesOf(refusal.headers["www-authenticate"] ?? "");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    const header = bearer
      ? `Bearer ${await this.token(bearer, purpose)}`
      : basic(await this.loginFor(purpose));
    if (header === undefined || challenges.length === 0) throw await this.refused(refusal, purpose);
    this.headers.set(keyOf(purpose), header);
    return header;
  }

  /** A server may repeat what it was sent: nothing of the login goes on into an error. */
  conceal(answer: Answer): Answer {
    if (answer.status < 400) return answer;
    const text = [...this.secrets].reduce(
      (body, secret) => body.replaceAll(secret, "***"),
      answer.body.toString(),
    );
    return { ...answer, body: Buffer.from(text) };
  }

  /** The error for a 401 or 403 that no login at hand mends. */
  async refused(refusal: Answer, purpose: Purpose, isToken = false): Promise<HostError> {
    const answer = this.conceal(refusal);
    const { registry, repository, action } = purpose;
    const { username, unread } = await this.loginFor(purpose);
    const { property } = this.way;
    const isKnown = !isToken && (answer.status === 403 || this.known(purpose)?.startsWith("Bearer "));
    const correct = `correct ${property}.username and ${property}.password`;
    const permit = `give the user the right to ${action} ${repository}`;
    return new HostError("login-refused", {
      what: `${registry} does not let ${username === undefined ? "anybody without a login" : `user "${username}"`} ${action} ${repository}`,
      expected:
        username === undefined
          ? "a user name and a password"
          : `a user who may ${action} it, and the right password`,
      seen: [complaintOf(answer), ...unread].join("; "),
      next:
        username === undefined
          ? `give ${property}.username and ${property}.password, or run podman login ${registry}`
          : isKnown
            ? `${permit}, or name another one in ${property}.username`
            : `${correct}, or ${permit}`,
    });
  }

  /** The token flow of the distribution project: the realm is asked with the login, the registry sees the token alone. */
  private async token({ realm, service, scope }: Challenge, purpose: Purpose): Promise<string> {
    const { registry, repository, action } = purpose;
    const { property } = this.way;
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    if (url?.protocol !== "https:")
      throw new HostError("registry-failed", {
        what: `${registry} sends to a token service that is not https; no login was sent`,
        seen: realm.slice(0, 200),
        next: "let the registry name an https address as the realm of its tokens",
      });
    if (service !== "") url.searchParams.set("service", service);
    url.searchParams.set("scope", scope === "" ? `repository:${repository}:${scopeOf[action]}` : scope);
    const authorization = basic(await this.loginFor(purpose));
    const question = { method: "GET", url, ...(authorization && { headers: { authorization } }) } as const;
    const answer = this.conceal(await ask(question, this.way));
    if (answer.status === 401 || answer.status === 403) throw await this.refused(answer, purpose, true);
    const { token, access_token } = jsonOf(answer.body) as { token?: unknown; access_token?: unknown };
    const given = textOf(token) || textOf(access_token);
    if (answer.status !== 200 || !/^[\x21-\x7e]+$/.test(given))
      throw unexpected(answer, `the token service ${url.host} gives no token for ${registry}`, property);
    return given;
  }

  private loginFor({ registry, repository }: Purpose): Promise<Login> {
    const login = this.logins.get(repository) ?? this.findLogin({ registry, repository });
    this.logins.set(repository, login);
    return login;
  }

  /** Where no user is given: the login that podman or docker keeps on this machine. */
  private async findLogin(place: { registry: string; repository: string }): Promise<Login> {
    const { login, unread } =
      this.given.username === undefined ? await storedLogin(place) : { login: this.given, unread: [] };
    const { username, password = "" } = login ?? {};
    const found = { username, password, unread };
    const secrets = [password, basic(found)?.slice("Basic ".length) ?? ""];
    secrets.filter(Boolean).forEach((secret) => this.secrets.add(secret));
    return found;
  }
}

function basic({ username, password }: Login): string | undefined {
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function keyOf({ repository, action }: Purpose): string {
  return `${action} ${repository}`;
}
