// Puts the listed Lucide icons into one SVG sprite: sprite.mjs <list> <folder of icons> <output>
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [list, folder, output] = process.argv.slice(2);
const names = readFileSync(list, "utf8").split("\n").map((line) => line.trim()).filter(Boolean);

const missing = names.filter((name) => !existsSync(join(folder, `${name}.svg`)));
if (missing.length > 0) {
  console.error(`sprite: Lucide has no icon named ${missing.join(", ")}`);
  process.exit(1);
}

const symbols = names.map((name) => {
  const source = readFileSync(join(folder, `${name}.svg`), "utf8");
  const shapes = source
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[\s\S]*?>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s+/g, " ")
    .replace(/> </g, "><")
    .replace(/ \/>/g, "/>")
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
});

writeFileSync(output, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
console.log(`sprite: ${names.length} icons in ${output}`);
