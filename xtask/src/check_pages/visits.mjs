// The pages and states that are judged. `on` is the site (the demo without it), `as` who looks (nobody without it; what
// follows a colon is another browser of theirs), `act` what is done after the address was opened, `status` what the last
// page must answer when it is not a 200. They run in this order, and what one has written is there for the next.

import { below, damage, fill, follow, hugePicture, photograph, press, save, send, unfold, talkative, upload, whileLocked, write } from "./steps.mjs";

export const PASSWORD = "correct horse";

const FIRST_POST = "main h2 a, main article a[href]";
const SOON = "2031-05-06T09:30";
const FABLE = "The fox jumps over the dog. Nobody saw it.";
const HARBOUR = "Some *text* with `code`.[^1]\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done\n- [ ] not done\n\n" +
  "```rust\nfn main() { println!(\"a long line of code that no telephone shows at once, and then some more of it\"); }\n```\n\n" +
  "> Quiet.\n\nA [link](/archive), and שלום.\n\n[^1]: A note.";

const MIXED = "הרוח באה מהים בלילה, והנמל ישן.\n\nThe wind comes from the sea, wrote *נועם*.\n\n- אורות\n- lights\n\n> שקט.\n\n" +
  "| שעה | wind |\n|--|--:|\n| 21:00 | 4 |\n\n```rust\nlet wind = \"רוח\"; // west\n```\n";

/** Both have the fable before them; one saves, then the other. */
async function both(page, { context, sites }, theirs, mine) {
  await page.goto(`${sites.demo}/fable/edit`);
  const other = await (await context("demo", "bob")).newPage();
  await other.goto(`${sites.demo}/fable/edit`);
  await fill(other, { text: theirs, tags: "Animals, Stories" });
  await save(other, "publish");
  await other.close();
  await fill(page, { text: mine });
  await save(page, "publish");
}

/** A picture that does not get in. */
async function refused(page, output, name, bytes) {
  await fill(page, { title: "A picture", text: "Look." });
  await upload(page, output, name, bytes);
}

/** A login that ended elsewhere while a form was open. */
async function ended(page, { context, sites }, who) {
  const other = await (await context("demo", who)).newPage();
  await other.goto(`${sites.demo}/account/sessions`);
  await press(other, "button[value=others]");
  await other.close();
}

const anonymous = [
  { name: "index", path: "/" },
  { name: "post", path: "/", act: (page) => follow(page, FIRST_POST) },
  { name: "author", path: "/authors/alice" },
  { name: "author-missing", path: "/authors/nobody", status: 404 },
  { name: "tag", path: "/tags/photography" },
  { name: "tag-missing", path: "/tags/nothing", status: 404 },
  { name: "tags", path: "/tags" },
  { name: "archive", path: "/archive" },
  { name: "archive-month", path: "/archive", act: (page) => follow(page, ".years a") },
  { name: "search", path: "/search" },
  { name: "search-hits", path: "/search?q=light" },
  { name: "search-none", path: "/search?q=zebra" },
  { name: "search-hostile", path: "/search?q=%22%3Cscript%3E%20NEAR(" },
  { name: "code", path: "/forty-lines-that-sort-my-photographs" },
  { name: "table", path: "/bread-at-six-with-a-table-of-failures" },
  { name: "dark", path: "/", act: (page) => press(page, "button[name=theme][value=dark]") },
  { name: "light", path: "/", act: (page) => press(page, "button[name=theme][value=light]") },
  { name: "login", path: "/login?next=/new" },
  {
    name: "login-refused", path: "/login", status: 401,
    act: async (page) => {
      await fill(page, { login: "nobody", password: "wrong horse" });
      await press(page, "main button.primary");
    },
  },
  { name: "login-without-a-name", path: "/login", status: 422, act: (page) => send(page, "/login", { login: " ", password: "" }) },
  { name: "logged-out", path: "/logout" },
  { name: "missing", path: "/no-such-post", status: 404 },
  { name: "invented-cursor", path: "/?before=somebody-made-this-up", status: 400 },
  { name: "method", path: "/", status: 405, act: (page) => send(page, "/archive", {}) },
  { name: "form-too-large", path: "/", status: 413, act: (page) => send(page, "/login", { login: "x".repeat(70000) }) },
  { name: "form-of-another-kind", path: "/", status: 415, act: (page) => send(page, "/login", { login: "x" }, "text/plain") },
  {
    name: "from-elsewhere", status: 403,
    act: async (page, { sites }) => {
      await page.goto("data:text/html,<title>elsewhere</title>");
      await send(page, `${sites.demo}/login`, { login: "alice" });
    },
  },
  {
    name: "not-logged-in", path: "/", status: 401,
    act: (page) => send(page, "/new", { title: "A title", text: "Some text" }, "multipart/form-data"),
  },
];

const writing = [
  { name: "mine-index", as: "alice", path: "/" },
  { name: "mine-post", as: "alice", path: "/", act: (page) => follow(page, FIRST_POST) },
  { name: "new", as: "alice", path: "/new" },
  { name: "new-unfolded", as: "alice", path: "/new", act: unfold },
  { name: "new-by-a-contributor", as: "dave", path: "/new", act: unfold },
  {
    name: "preview", as: "alice", path: "/new",
    act: async (page) => {
      await fill(page, { title: "A preview", text: HARBOUR });
      await save(page, "preview");
    },
  },
  {
    name: "picture-without-words", as: "alice", path: "/new",
    act: async (page, { sites, output }) => {
      await fill(page, { title: "A picture", text: "Look." });
      await upload(page, output, "hello.jpg", await photograph(sites.demo));
    },
  },
  ...Object.entries(talkative()).map(([file, bytes]) => ({
    name: `picture-with-${file.replace(".", "-in-a-")}`, as: "alice", path: "/new",
    act: async (page, { output }) => {
      await fill(page, { title: "A picture", text: "Look." });
      await upload(page, output, file, bytes);
    },
  })),
  {
    name: "picture-too-large", as: "alice", path: "/new", status: 413,
    act: (page, { output }) => refused(page, output, "large.jpg", Buffer.alloc(21_000_000, 7)),
  },
  {
    name: "picture-of-no-kind", as: "alice", path: "/new", status: 415,
    act: (page, { output }) => refused(page, output, "broken.png", "nonsense"),
  },
  {
    name: "picture-too-many-pixels", as: "alice", path: "/new", status: 413,
    act: (page, { output }) => refused(page, output, "huge.png", hugePicture()),
  },
  {
    name: "form-errors", as: "alice", path: "/new", status: 422,
    act: async (page) => {
      await fill(page, {
        title: " ", text: "Some text", slug: "login", excerpt: "x".repeat(600), publish_at: "2001-01-01T10:00",
        tags: Array.from({ length: 30 }, (_, n) => `tag ${n}`).join(","),
      });
      await save(page, "schedule");
      await unfold(page);
    },
  },
  {
    name: "schedule-in-the-past", as: "alice", path: "/new", status: 422,
    act: async (page) => {
      await fill(page, { title: "Too late", text: "Some text", publish_at: "2001-01-01T10:00" });
      await save(page, "schedule");
    },
  },
  { name: "edit", as: "alice", path: "/", act: async (page) => { await follow(page, FIRST_POST); await below(page, "/edit"); await unfold(page); } },
  { name: "delete", as: "alice", path: "/", act: async (page) => { await follow(page, FIRST_POST); await below(page, "/delete"); } },
  {
    name: "draft-saved", as: "alice",
    act: (page, { sites }) => write(page, sites.demo, { title: "Half a thought", text: HARBOUR }, "draft"),
  },
  { name: "draft", as: "alice", path: "/half-a-thought" },
  { name: "draft-of-somebody-else", as: "carol", path: "/half-a-thought", status: 404 },
  {
    name: "scheduled", as: "alice",
    act: (page, { sites }) => write(page, sites.demo, { title: "High water", text: HARBOUR, publish_at: SOON }, "schedule"),
  },
  { name: "scheduled-post", as: "alice", path: "/high-water" },
  {
    name: "handed-in", as: "dave",
    act: (page, { sites }) => write(page, sites.demo, { title: "By a beginner", text: HARBOUR }, "review"),
  },
  {
    name: "right-to-left", as: "alice",
    act: (page, { sites }) => write(page, sites.demo, { title: "לילה בנמל", text: MIXED }),
  },
  { name: "right-to-left-edited", as: "alice", path: "/לילה-בנמל/edit" },
  { name: "drafts", as: "alice", path: "/drafts" },
  { name: "drafts-of-a-contributor", as: "dave", path: "/drafts" },
  { name: "drafts-none", as: "bob", path: "/drafts" },
  { name: "review", as: "alice", path: "/drafts/review" },
  { name: "review-refused", as: "carol", path: "/drafts/review", status: 403 },
  { name: "edit-refused", as: "carol", path: "/five-mornings-above-the-fog/edit", status: 403 },
  {
    name: "unlisted", as: "alice",
    act: (page, { sites }) => write(page, sites.demo, { title: "Fable", text: FABLE }),
  },
  { name: "unlisted-for-readers", path: "/fable" },
  {
    name: "merged", as: "alice",
    act: (page, here) => both(page, here, FABLE.replace("Nobody", "Everybody"), FABLE.replace("jumps", "leaps")),
  },
  {
    name: "conflict", as: "alice", status: 409,
    act: async (page, here) => {
      await both(page, here, "Everything new, by Bob.", "Everything new, by Alice.");
      await unfold(page);
    },
  },
  {
    name: "conflict-marks-left", as: "alice", status: 422,
    act: async (page, here) => {
      await both(page, here, "The wind, said Bob.", "A stone, says Alice.");
      await save(page, "publish");
    },
  },
  { name: "history", as: "alice", path: "/fable/history" },
  { name: "history-beyond", as: "alice", path: "/fable/history?before=1" },
  { name: "revision", as: "alice", path: "/fable/history/2", act: unfold },
  { name: "revision-first", as: "alice", path: "/fable/history/1" },
  {
    name: "revision-late", as: "alice", path: "/fable/history/1", status: 409,
    act: async (page, { context, sites }) => {
      const other = await (await context("demo", "bob")).newPage();
      await other.goto(`${sites.demo}/fable/edit`);
      await fill(other, { text: "Saved in the meantime." });
      await save(other, "publish");
      await other.close();
      await press(page, "main form.actions button.primary");
    },
  },
  { name: "revision-restored", as: "alice", path: "/fable/history/1", act: (page) => press(page, "main form.actions button.primary") },
  { name: "revision-missing", as: "alice", path: "/fable/history/99", status: 404 },
  { name: "trash-empty", as: "alice", path: "/trash" },
  {
    name: "deleted", as: "alice",
    act: async (page, { sites }) => {
      await write(page, sites.demo, { title: "Not for long", text: HARBOUR }, "publish", true);
      await below(page, "/delete");
      await press(page, "main button.primary");
    },
  },
  { name: "gone", path: "/not-for-long", status: 410 },
  { name: "trash", as: "alice", path: "/trash" },
  { name: "purge", as: "alice", path: "/trash", act: (page) => follow(page, "main a[href$='/purge']") },
];

const account = [
  { name: "account", as: "carol", path: "/account" },
  { name: "account-refused", as: "carol", path: "/account", status: 422, act: async (page) => { await send(page, "/account", { display_name: " " }); } },
  { name: "account-login-ended", path: "/account", status: 401, act: async (page) => { await send(page, "/account", { display_name: "Carol" }); } },
  {
    name: "account-saved", as: "carol", path: "/account",
    act: async (page) => {
      await fill(page, { display_name: "Carol ‮of the Sea" });
      await fill(page, { display_name: "Carol" });
      await press(page, "main button.primary");
    },
  },
  { name: "password", as: "carol", path: "/account/password" },
  {
    name: "password-refused", as: "carol", path: "/account/password", status: 422,
    act: (page) => send(page, "/account/password", { password: "wrong horse", new_password: "short" }),
  },
  {
    name: "password-wrong", as: "carol", path: "/account/password", status: 422,
    act: (page) => send(page, "/account/password", { password: "wrong horse", new_password: "a long enough one" }),
  },
  { name: "sessions", as: "carol", path: "/account/sessions", act: (_, { context }) => context("demo", "carol:elsewhere") },
  { name: "sessions-two", as: "carol", path: "/account/sessions" },
  {
    name: "login-ended", as: "carol:elsewhere", path: "/new", status: 401,
    act: async (page, here) => {
      await fill(page, { title: "A long afternoon", text: "Three hours of words." });
      await ended(page, here, "carol");
      await save(page, "publish");
    },
  },
  { name: "parked-notice", as: "carol", path: "/" },
  { name: "parked", as: "carol", path: "/parked" },
  { name: "parked-restored", as: "carol", path: "/parked", act: (page) => follow(page, "main aside a") },
  { name: "parked-discarded", as: "carol", path: "/parked", act: (page) => press(page, "main aside button") },
  { name: "parked-nothing", as: "carol", path: "/parked" },
  { name: "logout", as: "carol", path: "/logout" },
];

const otherSites = [
  { name: "empty", on: "empty", path: "/" },
  { name: "empty-login", on: "empty", path: "/login" },
  { name: "empty-archive", on: "empty", path: "/archive" },
  { name: "empty-tags", on: "empty", path: "/tags" },
  { name: "empty-author", on: "empty", as: "alice", path: "/authors/alice" },
  { name: "empty-search", on: "empty", path: "/search?q=anything" },
  { name: "empty-for-the-owner", on: "empty", as: "alice", path: "/" },
  { name: "empty-drafts", on: "empty", as: "alice", path: "/drafts" },
  { name: "empty-review", on: "empty", as: "alice", path: "/drafts/review" },
  {
    name: "one-untitled-draft-among-none", on: "empty", as: "alice",
    act: (page, { sites }) => write(page, sites.empty, { title: "x".repeat(180), text: "y".repeat(400) }, "publish", true),
  },
  { name: "one-long-word", on: "empty", path: "/" },
  {
    name: "login-throttled", on: "empty", path: "/login", status: 429,
    act: async (page) => {
      for (let tries = 0; tries < 30; tries += 1) {
        await fill(page, { login: "alice", password: "wrong horse" });
        const [answer] = await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click("main button.primary")]);
        if (answer.status() === 429) return;
      }
    },
  },
  { name: "login-by-name", on: "names", path: "/login" },
  { name: "login-by-name-refused", on: "names", path: "/login", status: 422, act: (page) => send(page, "/login", { login: "no such / name" }) },
  { name: "password-by-name", on: "names", as: "alice", path: "/account/password" },
  {
    name: "many-first", on: "names", as: "alice", path: "/",
    act: async (page) => {
      await page.evaluate(async () => {
        for (let night = 1; night <= 45; night += 1) {
          const form = new FormData();
          const tags = Array.from({ length: 10 }, (_, n) => `${String.fromCharCode(97 + night % 26)}${night * 10 + n}`);
          for (const [name, value] of [["title", `Night ${night}`], ["text", "The lights were seen from the mole."], ["tags", tags], ["action", "publish"]]) form.set(name, value);
          await fetch("/new", { method: "POST", body: form });
        }
      });
      await page.goto(new URL("/", page.url()), { waitUntil: "load" });
    },
  },
  { name: "many-second", on: "names", path: "/", act: (page) => follow(page, "main [rel=next]") },
  { name: "many-last", on: "names", path: "/", act: async (page) => { await follow(page, "main [rel=next]"); await follow(page, "main [rel=next]"); } },
  { name: "many-search", on: "names", path: "/search?q=night", act: (page) => follow(page, "main [rel=next]") },
  { name: "many-tags", on: "names", path: "/tags" },
  { name: "many-of-an-author", on: "names", path: "/authors/alice", act: (page) => follow(page, "main [rel=next]") },
  { name: "setup", on: "unset", act: (page, { sites }) => page.goto(sites.setup, { waitUntil: "load" }) },
  {
    name: "setup-refused", on: "unset", status: 422,
    act: async (page, { sites }) => {
      await page.goto(sites.setup, { waitUntil: "load" });
      await send(page, "/setup", { token: new URL(sites.setup).searchParams.get("token"), name: "a b", password: "short" });
    },
  },
  {
    name: "unavailable-form", on: "failing", as: "alice", path: "/new", status: 503,
    act: async (page, { sites }) => {
      await fill(page, { title: "A long afternoon", text: HARBOUR });
      await whileLocked(sites.database, () => save(page, "publish"));
    },
  },
  {
    name: "unavailable", on: "failing", as: "alice", status: 503,
    act: async (page, { sites }) => {
      await write(page, sites.failing, { title: "Not for long", text: "x" }, "publish", true);
      await below(page, "/delete");
      await whileLocked(sites.database, () => press(page, "main button.primary"));
    },
  },
  {
    name: "failed", on: "failing", path: "/login", status: 500,
    act: async (page, { sites }) => {
      damage(sites.database);
      await page.goto(sites.failing, { waitUntil: "load" });
    },
  },
  { name: "setup-without-its-token", on: "unset", path: "/setup?token=invented", status: 404 },
];

export const visits = [...anonymous, ...writing, ...account, ...otherSites];
