// What a person does on a page, for the visits.

import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { crc32, deflateSync } from "node:zlib";

/** Presses something and waits for the page that follows. */
export async function press(page, selector) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.evaluate((it) => {
    const button = document.querySelector(it);
    if (!button) throw new Error(`nothing to press at ${it}`);
    button.click();
  }, selector)]);
}

/** Opens what a link leads to. */
export async function follow(page, selector) {
  const address = await page.$eval(selector, (link) => link.href);
  await page.goto(address, { waitUntil: "load" });
}

/** Opens an address below the one where we are. */
export async function below(page, rest) {
  await page.goto(page.url().replace(/[?#].*/, "") + rest, { waitUntil: "load" });
}

/** Writes into fields, whatever stood there. */
export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.$eval(`[name="${name}"]:not([type=radio])`, (field, value) => { field.value = value; }, value);
  }
}

/** Presses a button of the editor. */
export const save = (page, action) => press(page, `form.editor button[name=action][value=${action}]`);

/** Writes a post that no list shows, unless it is asked to; ends where the site leads. */
export async function write(page, site, fields, action = "publish", listed = false) {
  await page.goto(`${site}/new`, { waitUntil: "load" });
  await fill(page, fields);
  if (!listed) await choose(page, "[name=visibility][value=unlisted]");
  await save(page, action);
}

/** Ticks what may be folded away. */
const choose = (page, selector) => page.$eval(selector, (box) => { box.checked = true; });

/** Opens everything that is folded, so that the judges see it too. */
export const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));

/** Sends a form that the page does not have. */
export async function send(page, action, fields, enctype = "application/x-www-form-urlencoded") {
  const sent = page.evaluate((action, fields, enctype) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action, enctype });
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement("textarea"), { name, value }));
    }
    document.body.append(form);
    form.submit();
  }, action, fields, enctype);
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), sent]);
}

/** Chooses a file for the editor and sends it for a preview. */
export async function upload(page, output, name, bytes) {
  const file = join(output, name);
  writeFileSync(file, bytes);
  await (await page.$("#image")).uploadFile(file);
  await save(page, "preview");
}

/** A picture that the site already shows. */
export async function photograph(site) {
  const index = await (await fetch(site)).text();
  const [address] = index.match(/\/images\/[0-9a-f]{64}-\d+\.jpg/);
  return Buffer.from(await (await fetch(site + address)).arrayBuffer());
}

function png(width, height, ...between) {
  const chunk = (kind, data) => {
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    const body = Buffer.concat([Buffer.from(kind), data]);
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = deflateSync(Buffer.alloc(width < 1000 ? height * (1 + 3 * width) : 1000));
  const chunks = [["IHDR", header], ...between, ["IDAT", pixels], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([signature, ...chunks.map(([kind, data]) => chunk(kind, data))]);
}

/** A small file that says it is a very large picture. */
export const hugePicture = () => png(40000, 40000);

const SECRET = "made by somebody, somewhere";
const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="${SECRET}"/></rdf:RDF></x:xmpmeta>`;

/** A picture of every other kind, each with all the words that its format has room for. */
export function talkative() {
  const text = Buffer.from(`Comment\0${SECRET}`);
  const international = Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${XMP}`);
  const frame = Buffer.from("2C00000000010001000002024C0100", "hex");
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe, SECRET.length]), Buffer.from(SECRET), Buffer.from([0])]);
  const gif = [Buffer.from("GIF89a"), Buffer.from("01000100800000FF0000FFFFFF", "hex"), comment, frame, comment, frame, Buffer.from(";")];
  const part = (kind, data) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(data.length);
    return Buffer.concat([Buffer.from(kind), length, data, Buffer.alloc(data.length % 2)]);
  };
  // One pixel, without loss; the flags say that notes follow it.
  const pixel = Buffer.from("2F00000010071011118888FE0700", "hex").subarray(0, 13);
  const webp = Buffer.concat([
    Buffer.from("WEBP"), part("VP8X", Buffer.from([0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0])), part("VP8L", pixel), part("XMP ", Buffer.from(XMP)),
  ]);
  return {
    // WebP has no side as long as this, so it leaves as what it came.
    "words.png": png(4, 16400, ["tEXt", text], ["iTXt", international]),
    "words.gif": Buffer.concat(gif),
    "words.webp": part("RIFF", webp),
  };
}

/** Holds the one that writes off for longer than the blog waits. */
export async function whileLocked(database, work) {
  const other = new DatabaseSync(database);
  other.exec("begin immediate");
  try {
    await work();
  } finally {
    other.exec("rollback");
    other.close();
  }
}

/** Makes every address of a post one that no post can have. */
export function damage(database) {
  const other = new DatabaseSync(database);
  other.exec("update slugs set slug = '1'");
  other.close();
}
