// Visits every page of visits.mjs in a real browser, in both colour schemes and at two widths, and writes what it found:
// axe-core's findings, what stuck out of a narrow screen, what moved when pictures came, what the console said, and the
// page's own HTML for the Nu checker.
//
// usage: node judge.mjs SITES OUTPUT-DIRECTORY CHROMIUM [DIRECTORY-FOR-PICTURES]; SITES is JSON, the address of each site by
// its name; the tools' node_modules stand in the current directory.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { moved } from "./room.mjs";
import { visits, PASSWORD } from "./visits.mjs";

const require = createRequire(join(process.cwd(), "package.json"));
const puppeteer = require("puppeteer-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const WIDTHS = [320, 1280];
const SCHEMES = ["light", "dark"];

const [addresses, output, chromium, kept] = process.argv.slice(2);
const sites = JSON.parse(addresses);
const findings = [];
const seen = [];
const pictures = new Set();

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});

// One browser context a person and site, so that a login is made once; "alice:two" is a second browser of alice's.
const people = new Map();
async function context(site, who) {
  const key = `${site} ${who}`;
  if (people.has(key)) return people.get(key);
  const made = await browser.createBrowserContext();
  people.set(key, made);
  if (who) {
    const page = await made.newPage();
    await page.goto(new URL("/login", sites[site]));
    await page.type("input[name=login]", who.split(":")[0]);
    if (await page.$("input[name=password]")) await page.type("input[name=password]", PASSWORD);
    await Promise.all([page.waitForNavigation(), page.click("main button.primary")]);
    if (new URL(page.url()).pathname === "/login") throw new Error(`${who} could not log in`);
    await page.close();
  }
  return made;
}

for (const visit of visits) {
  const on = visit.on ?? "demo";
  const page = await (await context(on, visit.as ?? "")).newPage();
  const complain = (kind, what) => findings.push({ page: visit.name, kind, what });
  try {
    await page.setCacheEnabled(false);
    const errors = [];
    page.on("console", (message) => {
      // The browser reports the status of a page that is meant to be refused.
      if (message.type() === "error" && !/status of \d+/.test(message.text())) errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("dialog", (dialog) => dialog.accept());
    let answer = null;
    page.on("response", (response) => {
      const request = response.request();
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) answer = response;
    });
    await page.setViewport({ width: 1280, height: 900 });
    if (visit.path) await page.goto(new URL(visit.path, sites[on]), { waitUntil: "load" });
    if (visit.act) await visit.act(page, { sites, context, output });
    const status = answer.status();
    if (status !== (visit.status ?? 200)) {
      complain("status", `answered ${status} instead of ${visit.status ?? 200} at ${page.url()}`);
    }
    const file = `${visit.name}.html`;
    const html = await answer.text();
    writeFileSync(join(output, file), html);
    for (const [picture] of html.matchAll(/\/images\/[0-9a-f]{64}-\d+\.\w+/g)) pictures.add(new URL(picture, sites[on]).href);
    for (const scheme of SCHEMES) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      for (const width of WIDTHS) {
        await page.setViewport({ width, height: 900 });
        const where = `${scheme}, ${width} px`;
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) complain("overflow", `${where}: ${wide} px wider than the screen`);
        // As tall as the page: what the editor's bar covers until one scrolls is not out of reach.
        const tall = await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewport({ width, height: Math.max(900, tall) });
        if (kept) await page.screenshot({ path: join(kept, `${visit.name}-${width}-${scheme}.png`), fullPage: true });
        await page.evaluate(AXE);
        const result = await page.evaluate((tags) => axe.run(document, { runOnly: tags }), TAGS);
        for (const violation of result.violations) {
          for (const node of violation.nodes) {
            complain("axe", `${where}: ${violation.id}: ${violation.help}: ${node.html.slice(0, 200)}`);
          }
        }
      }
    }
    if (answer.request().method() === "GET" && answer.ok() && html.includes("/images/")) {
      for (const width of WIDTHS) {
        const what = await moved(page.browserContext(), page.url(), width);
        if (what) complain("shift", `${width} px: ${what}`);
      }
    }
    for (const error of errors) complain("console", error);
    seen.push({ name: visit.name, address: page.url(), status, file });
  } catch (error) {
    complain("visit", String(error));
  }
  await page.close();
  process.stderr.write(`${visit.name}: ${findings.filter((it) => it.page === visit.name).length} findings\n`);
}

// Every picture as readers get it, for exiftool.
mkdirSync(join(output, "pictures"), { recursive: true });
for (const picture of pictures) {
  const answer = await fetch(picture);
  if (!answer.ok) findings.push({ page: picture, kind: "status", what: `answered ${answer.status}` });
  writeFileSync(join(output, "pictures", picture.split("/").pop()), Buffer.from(await answer.arrayBuffer()));
}

const alice = (await (await context("demo", "alice")).cookies()).map((it) => `${it.name}=${it.value}`).join("; ");
await browser.close();
writeFileSync(join(output, "judged.json"), JSON.stringify({ seen, findings, cookie: alice }, null, 1));
