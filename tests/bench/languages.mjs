// The cases of languages.py, done by the JavaScript libraries a user would pick: node languages.mjs FOLDER PEERS, with
// @bufbuild/cel, mustache and ajv installed under PEERS.  One line of JSON: microseconds of processor time by name; what is missing is left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [folder, peers] = process.argv.slice(2);
const text = (name) => readFileSync(join(folder, name), "utf8");
const json = (name) => JSON.parse(text(name));
const { resolve } = createRequire(join(peers, "package.json"));

const results = {};
let kept = 0;

function micros(work) {
  const stretch = (rounds) => {
    const before = process.cpuUsage();
    for (let i = 0; i < rounds; i++) kept += work() ? 1 : 0;
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let rounds = 1;
  while (stretch(rounds) < 5000) rounds *= 2;
  rounds *= 2;
  let best = Infinity;
  // More stretches than in languages.cpp: by the last ones the engine has compiled it.
  for (let i = 0; i < 40; i++) best = Math.min(best, stretch(rounds));
  return best / rounds;
}

async function library(name) {
  try {
    const module = await import(pathToFileURL(resolve(name)));
    return module.default ?? module;
  } catch {
    console.error(`languages.mjs: ${name} is not installed under ${peers}`);
    return null;
  }
}

const wrong = (what) => {
  throw new Error(`${what}: not the expected result`);
};

const cel = await library("@bufbuild/cel");
if (cel) {
  // Integers of JSON are bigint there, as CEL's int is.
  const data = JSON.parse(text("document.json"), (_, value) => (Number.isInteger(value) ? BigInt(value) : value));
  const expression = text("expression.cel");
  const env = cel.celEnv();
  const compiled = () => cel.plan(env, cel.parse(expression));
  const evaluate = compiled();
  if (evaluate(data) !== true) wrong("cel");
  results["cel evaluate"] = micros(() => evaluate(data));
  results["cel compile"] = micros(compiled);
}

const mustache = await library("mustache");
if (mustache) {
  const data = json("page.json");
  const page = text("page.html");
  mustache.escape = (value) => String(value).replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]);
  if (mustache.render(page, data) !== text("expected.html")) wrong("mustache");
  results["mustache render"] = micros(() => mustache.render(page, data)); // it keeps what it has parsed
  results["mustache parse"] = micros(() => {
    mustache.clearCache();
    return mustache.parse(page);
  });
}

const ajv = await library("ajv/dist/2020.js");
if (ajv) {
  const Ajv = ajv.default ?? ajv;
  const schema = json("schema.json");
  const value = json("value.json");
  const all = new Ajv({ formats: { date: /^\d{4}-\d\d-\d\d$/ } });
  const compiled = () => all.removeSchema(schema).compile(schema); // without, it hands out what it has compiled
  const validate = compiled();
  if (!validate(value)) wrong("ajv");
  results["schema validate"] = micros(() => validate(value));
  results["schema compile"] = micros(compiled);
}

console.log(JSON.stringify(results));
process.exit(kept > 0 ? 0 : 1);
