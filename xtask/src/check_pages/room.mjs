// Whether every picture has its room before it comes: the same page while its pictures are held back, and with them.

/** Says what moved when the pictures came, if anything did. */
export async function moved(context, address, width) {
  const page = await context.newPage();
  const held = [];
  let holds = true;
  await page.setCacheEnabled(false);
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (holds && new URL(request.url()).pathname.startsWith("/images/")) held.push(request);
    else request.continue();
  });
  await page.setViewport({ width, height: 900 });
  const loaded = page.goto(address, { waitUntil: "load" });
  await page.waitForFunction(() => document.readyState !== "loading" && document.querySelector("link[rel=stylesheet]")?.sheet);
  const before = await page.evaluate(places);
  holds = false;
  for (const request of held) request.continue();
  await loaded;
  await page.evaluate(() => Promise.all([...document.images].filter((it) => it.complete).map((it) => it.decode().catch(() => {}))));
  const after = await page.evaluate(places);
  await page.close();
  // Half a pixel is a rounding, not a movement.
  const still = before.every((box, n) => box.every((edge, side) => Math.abs(edge - after[n][side]) <= 0.5));
  return still ? undefined : `${JSON.stringify(before)} became ${JSON.stringify(after)}`;
}

const places = () => [...document.querySelectorAll("main img")].map((picture) => {
  const box = picture.getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
});
