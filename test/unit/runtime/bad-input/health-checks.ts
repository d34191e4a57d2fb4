import type { BadInput } from "./row";

const kinds = "needs one of command, unit, tcp and http";

export const badHealthChecks: readonly BadInput[] = [
  ["checks as a list", "healthChecks", [{ unit: "a" }], "healthChecks must be an object, not an array"],
  ["a check of nothing", "healthChecks", { web: {} }, `healthChecks.web ${kinds}`],
  ["a check of two", "healthChecks", { web: { unit: "a", command: "b" } }, `healthChecks.web ${kinds}`],
  [
    "an empty command",
    "healthChecks",
    { web: { command: "" } },
    "healthChecks.web.command must not be empty",
  ],
  [
    "a unit with a blank",
    "healthChecks",
    { web: { unit: "a b" } },
    "healthChecks.web.unit must be the name of a systemd unit",
  ],
  [
    "a unit as an option",
    "healthChecks",
    { web: { unit: "--all" } },
    "healthChecks.web.unit must be the name of a systemd unit",
  ],
  [
    "a port alone",
    "healthChecks",
    { web: { tcp: 80 } },
    "healthChecks.web.tcp must be an object, not a number",
  ],
  [
    "a port of nobody",
    "healthChecks",
    { web: { tcp: { port: 0 } } },
    "healthChecks.web.tcp.port must be a port from 1 to 65535",
  ],
  [
    "no port",
    "healthChecks",
    { web: { tcp: { host: "::1" } } },
    "healthChecks.web.tcp.port is missing (a number)",
  ],
  ["no URL", "healthChecks", { web: { http: {} } }, "healthChecks.web.http.url is missing (a string)"],
  [
    "a URL of a file",
    "healthChecks",
    { web: { http: { url: "file:///x" } } },
    "healthChecks.web.http.url must be an http(s) URL",
  ],
  [
    "a URL with a password",
    "healthChecks",
    { web: { http: { url: "http://u:p@h/" } } },
    "healthChecks.web.http.url must be an http(s) URL, without a user",
  ],
  [
    "a status that is none",
    "healthChecks",
    { web: { http: { url: "http://h/", status: 1000 } } },
    "healthChecks.web.http.status must be an HTTP status from 100 to 599",
  ],
  [
    "tries below none",
    "healthChecks",
    { web: { unit: "a", retries: -1 } },
    "healthChecks.web.retries must be a whole number of further tries",
  ],
  [
    "half a try",
    "healthChecks",
    { web: { unit: "a", retries: 1.5 } },
    "healthChecks.web.retries must be a whole number",
  ],
  [
    "tries without end",
    "healthChecks",
    { web: { unit: "a", retries: 1001 } },
    "healthChecks.web.retries must be a whole number of further",
  ],
  [
    "a try of no time",
    "healthChecks",
    { web: { unit: "a", deadlineSeconds: 0 } },
    "healthChecks.web.deadlineSeconds must be a number of seconds above 0",
  ],
  [
    "a deadline by half its name",
    "healthChecks",
    { web: { unit: "a", interval: 1 } },
    "healthChecks.web.interval is not a known property; did you mean intervalSeconds?",
  ],
];
