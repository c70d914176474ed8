#!/usr/bin/env node
// compress.mjs SITE-FOLDER: a .br beside every file of the build that the server sends as it lies there (tower-http's precompressed_br).
// Once, as small as brotli can, instead of quickly for every visitor. Files whose .br is newer are left alone.
import { brotliCompressSync, constants } from "node:zlib";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const site = process.argv[2];
if (!site || !existsSync(join(site, "pkg"))) {
    console.error("compress.mjs: give the site folder of a build, such as target/site");
    process.exit(1);
}

const files = [...readdirSync(join(site, "pkg")).map((name) => join("pkg", name)), "icons.svg", "favicon.svg"]
    .filter((name) => /\.(js|wasm|css|svg)$/.test(name) && existsSync(join(site, name)));

for (const name of files) {
    const path = join(site, name);
    const small = `${path}.br`;
    if (existsSync(small) && statSync(small).mtimeMs >= statSync(path).mtimeMs) continue;
    const content = readFileSync(path);
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
    const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: content.length };
    writeFileSync(small, brotliCompressSync(content, { params }));
    console.log(`${name}: ${content.length} to ${statSync(small).size} bytes`);
}
