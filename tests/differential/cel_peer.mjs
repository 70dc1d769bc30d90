// @bufbuild/cel as a line filter like `plenum eval --batch`: node cel_peer.mjs DIR, with the package installed under DIR.
// {"expr", "bindings"} in; {"value": tagged} or {"error": text} out.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const { resolve } = createRequire(join(process.argv[2], "package.json"));
const from = (name) => import(pathToFileURL(resolve(name)));
const cel = await from("@bufbuild/cel");
const { strings } = await from("@bufbuild/cel/ext");
const env = cel.celEnv({ funcs: [...strings] });

function value(tagged) {
  const [[tag, body]] = Object.entries(tagged);
  switch (tag) {
    case "int":
      return BigInt(body);
    case "uint":
      return cel.celUint(BigInt(body));
    case "list":
      return body.map(value);
    case "map":
      return new Map(body.map(([key, one]) => [value(key), value(one)]));
    case "bytes_base64":
      return new Uint8Array(Buffer.from(body, "base64"));
    case "double":
      return Number(body);
    default: // string, bool, null
      return body;
  }
}

function tagged(one) {
  if (one === null) return { null: null };
  if (typeof one === "bigint") return { int: String(one) };
  if (typeof one === "number") return { double: Object.is(one, -0) ? "-0" : Number.isFinite(one) ? one : String(one) };
  if (typeof one === "string") return { string: one };
  if (typeof one === "boolean") return { bool: one };
  if (cel.isCelUint(one)) return { uint: String(one.value) };
  if (one instanceof Uint8Array) return { bytes_base64: Buffer.from(one).toString("base64") };
  if (cel.isCelList(one)) return { list: Array.from(one, tagged) };
  if (cel.isCelMap(one)) return { map: Array.from(one, ([key, inner]) => [tagged(key), tagged(inner)]) };
  if (cel.isCelType(one)) return { type: one.name };
  return { other: String(one) };
}

function answer({ expr, bindings }) {
  try {
    const names = Object.fromEntries(Object.entries(bindings).map(([name, one]) => [name, value(one)]));
    const result = cel.plan(env, cel.parse(expr))(names);
    return cel.isCelError(result) ? { error: result.message } : { value: tagged(result) };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(answer(JSON.parse(line))));
