// The pages and states of the demo site that are judged. `as` is who looks (nobody without it), `act` what is done after
// the address was opened, `status` what the last page must answer when it is not a 200. They run in this order.

export const PASSWORD = "correct horse";

/** Presses something and waits for the page that follows. */
async function press(page, selector) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.evaluate((it) => {
    const button = document.querySelector(it);
    if (!button) throw new Error(`nothing to press at ${it}`);
    button.click();
  }, selector)]);
}

/** Opens what a link leads to. */
async function follow(page, selector) {
  const address = await page.$eval(selector, (link) => link.href);
  await page.goto(address, { waitUntil: "load" });
}

/** Writes into fields, whatever stood there. */
async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.$eval(`[name="${name}"]`, (field, value) => { field.value = value; }, value);
  }
}

const FIRST_POST = "main h2 a, main article a[href]";

export const visits = [
  { name: "index", path: "/" },
  { name: "post", path: "/", act: (page) => follow(page, FIRST_POST) },
  { name: "login", path: "/login?next=/new" },
  {
    name: "login-refused", path: "/login", status: 401,
    act: async (page) => {
      await fill(page, { login: "nobody", password: "wrong horse" });
      await press(page, "main button.primary");
    },
  },
  { name: "missing", path: "/no-such-post", status: 404 },
  { name: "logout", path: "/logout" },
  {
    name: "not-logged-in", path: "/", status: 401,
    act: async (page) => {
      // A form whose login ended, as a browser would send it.
      await page.evaluate(() => {
        const form = document.createElement("form");
        form.method = "post"; form.action = "/new"; form.enctype = "multipart/form-data";
        for (const [name, value] of [["title", "A title"], ["text", "Some text"]]) {
          const field = document.createElement("input");
          field.name = name; field.value = value;
          form.append(field);
        }
        document.body.append(form);
        form.id = "made";
      });
      await Promise.all([page.waitForNavigation(), page.evaluate(() => document.getElementById("made").submit())]);
    },
  },
  { name: "mine-index", as: "alice", path: "/" },
  { name: "new", as: "alice", path: "/new" },
  {
    name: "preview", as: "alice", path: "/new",
    act: async (page) => {
      await fill(page, { title: "A preview", text: "Some *text* with `code`.\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done" });
      await press(page, "button[value=preview]");
    },
  },
  {
    name: "form-errors", as: "alice", path: "/new", status: 422,
    act: async (page) => {
      await fill(page, { title: " ", text: "Some text", slug: "login" });
      await press(page, "button.primary[name=action]");
    },
  },
  { name: "edit", as: "alice", path: "/", act: async (page) => { await follow(page, FIRST_POST); await page.goto(`${page.url()}/edit`); } },
  { name: "delete", as: "alice", path: "/", act: async (page) => { await follow(page, FIRST_POST); await page.goto(`${page.url()}/delete`); } },
  {
    name: "conflict", as: "alice", path: "/", status: 409,
    act: async (page, { context }) => {
      await follow(page, FIRST_POST);
      const address = `${page.url()}/edit`;
      await page.goto(address);
      const other = await (await context("bob")).newPage();
      await other.goto(address);
      await fill(other, { text: "Everything new, by Bob." });
      await press(other, "button.primary[name=action]");
      await other.close();
      await fill(page, { text: "Everything new, by Alice." });
      await press(page, "button.primary[name=action]");
    },
  },
];
