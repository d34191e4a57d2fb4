import { MarkedOutput } from "../../../provider/transport/marked-output";

const nonce = "0123456789abcdef0123456789abcdef";
const begin = `\x1e${nonce} begin\n`;
const end = (code: number): string => `\x1e${nonce} ${code}\n`;

/** The stream in pieces of `size` bytes. */
function fed(stream: string, size: number, lines: string[] = []): MarkedOutput {
  const output = new MarkedOutput(nonce, 1_000, (line) => lines.push(line));
  const bytes = Buffer.from(stream);
  for (let at = 0; at < bytes.length; at += size) output.push(bytes.subarray(at, at + size));
  return output;
}

test.each([1, 2, 3, 7, 1_000])("in pieces of %i bytes the same text comes out", (size) => {
  const lines: string[] = [];
  const text = "é\n\x1e not a mark \x1e0123\n€uro";
  const output = fed(`motd é\n\x1e0 begin\n${begin}${text}${end(17)}late noise`, size, lines);
  expect(output.exitCode).toBe(17);
  expect(output.text).toBe(text);
  expect(lines).toEqual(text.split("\n"));
});

test("a mark of another nonce, or half a mark, is text", () => {
  const other = `\x1e${"f".repeat(32)} 0\n`;
  const output = fed(`${begin}${other}\x1e${nonce} 1`, 5);
  expect(output.ended).toBe(false);
  output.finish();
  expect(output.text).toBe(`${other}\x1e${nonce} 1`);
});

test("what never began is noise, not text", () => {
  const output = fed("Please log in as admin\n", 4);
  output.finish();
  expect(output).toMatchObject({ begun: false, text: "", noise: "Please log in as admin\n" });
});

test("a line is passed on when it ends, not when the next one comes", () => {
  const lines: string[] = [];
  fed(`${begin}one\n`, 100, lines);
  expect(lines).toEqual(["one"]);
});

test("text beyond the limit is noticed and not kept", () => {
  const output = fed(begin + "x".repeat(5_000), 100);
  expect(output.tooLong).toBe(true);
  output.finish();
  expect(output.text.length).toBeLessThanOrEqual(1_000);
});
