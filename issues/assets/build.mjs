// Bundles the composer, and writes down what it was made of. `make assets` runs it; a machine that only runs the newsroom
// needs no Node, because the result is committed and tests/test_assets.py compares the manifest with the sources.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "issues");

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.js"],
  outfile: join(out, "composer.js"),
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  metafile: true,
});

const packages = [...new Set(Object.keys(result.metafile.inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]))].filter(Boolean).sort();
const licences = packages.map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
});
writeFileSync(join(out, "composer.LICENSES.txt"), licences.join(`\n${"-".repeat(72)}\n\n`));

const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const below = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
const sources = [...below(join(here, "src")), ...["build.mjs", "package.json", "package-lock.json"].map((name) => join(here, name))];
const hashed = (paths, root) => Object.fromEntries(paths.map((path) => [relative(root, path).split(sep).join("/"), sha256(path)]).sort());
const manifest = {
  sources: hashed(sources, here),
  outputs: hashed(["composer.js", "composer.LICENSES.txt"].map((name) => join(out, name)), out),
};
writeFileSync(join(here, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
