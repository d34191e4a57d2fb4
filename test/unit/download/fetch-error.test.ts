import { fetchError } from "../../../provider/download/fetch-error";

const failureOf = (url: string): Promise<string> => fetch(url).then(String, fetchError);

test.each([
  "http://user:hunter22@127.0.0.1:1/x.rpm",
  "https://us er:hunter22@host/x.rpm?token=hunter22",
  "http://[hunter22/?token=hunter22",
  "hunter22",
  "/x.rpm?token=hunter22 and more hunter22",
  "user:hunter22@host",
])("the address is in no text: %s", async (url) => {
  const text = await failureOf(url);
  expect(text).toMatch(/\w/);
  expect(text).not.toMatch(/hunter22|token|us er/);
});

test("why it failed is", () => {
  const failed = (cause: object) => fetchError(Object.assign(new TypeError("fetch failed"), { cause }));
  const refused = "connect ECONNREFUSED 127.0.0.1:80";
  expect(failed({ message: refused, code: "ECONNREFUSED" })).toBe(`fetch failed: ${refused}`);
  expect(failed({ message: "", code: "ECONNREFUSED" })).toBe("fetch failed: ECONNREFUSED");
  expect(fetchError(new Error("HTTP 404 Not Found"))).toBe("HTTP 404 Not Found");
  expect(fetchError("a text")).toBe("a text");
});
