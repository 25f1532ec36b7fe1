// What the editor gains with a script: it keeps what is typed, takes pasted and dropped pictures, knows two shortcuts.
// Everything works without it, and nothing here touches what readers see.

const form = document.querySelector("form.editor");
const text = form.elements.text;
const said = document.createElement("span");
said.setAttribute("role", "status");
form.querySelector(".bar span").after(said);
const say = (words) => { said.textContent = words; };
const asJson = { accept: "application/problem+json, application/json, text/html;q=.5" };

// Keeping: some seconds after the last key, and at least twice a minute.
let changed = false, sent = false, timer, since, keeping;

// Later than every state of this form before, wherever that was typed: what arrives late must not replace what is newer.
const turn = () => { form.elements.turn.value = Math.max(Date.now(), Number(form.elements.turn.value) + 1); };

function typed() {
  changed = true;
  since ??= Date.now();
  clearTimeout(timer);
  timer = setTimeout(keep, Date.now() - since > 25000 ? 0 : 3000);
}

async function keep() {
  clearTimeout(timer);
  if (sent) return;
  if (keeping) return typed();
  turn();
  const body = new FormData(form);
  for (const name of ["image", "login", "password"]) body.delete(name);
  body.set("address", form.getAttribute("action"));
  keeping = new AbortController();
  changed = false;
  since = undefined;
  try {
    const answer = await fetch("/parked", { method: "POST", body, headers: asJson, signal: keeping.signal });
    const { at, detail } = await answer.json();
    if (!answer.ok) changed = true;
    if (answer.status > 499) timer = setTimeout(keep, 15000);
    say(answer.ok ? `Kept at ${at}, for you alone` : detail);
  } catch {
    changed = true;
    if (!sent) {
      say("Not kept: the site does not answer");
      timer = setTimeout(keep, 15000);
    }
  }
  keeping = undefined;
}

form.addEventListener("input", typed);
form.addEventListener("submit", (event) => {
  if (coming > 0) {
    event.preventDefault();
    pressed = event.submitter;
    return say("It is sent as soon as the picture is here");
  }
  turn();
  sent = true;
  clearTimeout(timer);
  keeping?.abort();
});
addEventListener("visibilitychange", () => { if (document.hidden && changed) keep(); });
addEventListener("pageshow", (event) => { if (event.persisted) sent = false; });
addEventListener("beforeunload", (event) => { if (changed && !sent) event.preventDefault(); });

// Pictures: one after the other, each with its progress; the line that shows it goes where the caret is.
// A button that is pressed meanwhile waits for them, and has to be pressed again when one did not arrive.
let queue = Promise.resolve(), coming = 0, pressed;

function take(files) {
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  coming += pictures.length;
  for (const file of pictures) queue = queue.then(() => send(file)).then(arrived);
  return pictures.length > 0;
}

function arrived(here) {
  coming -= 1;
  if (!here) pressed = undefined;
  if (coming === 0 && pressed) form.requestSubmit(pressed);
}

function send(file) {
  const item = document.createElement("li");
  const bar = document.createElement("progress");
  const name = file.name || "The picture";
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  item.append(bar);
  list().append(item);
  say(`${name} is on its way`);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/images");
    request.setRequestHeader("accept", asJson.accept);
    request.upload.onprogress = ({ loaded, total }) => { bar.value = loaded / total; };
    request.onloadend = () => {
      if (request.status === 201) received(item, request.responseText, name);
      else {
        item.remove();
        say(refusal(request) ?? `${name} did not arrive. Try it again.`);
      }
      done(request.status === 201);
    };
    const body = new FormData();
    body.set("image", file);
    request.send(body);
  });
}

function refusal(request) {
  try { return JSON.parse(request.responseText).detail; } catch { return undefined; }
}

function received(item, html, name) {
  const piece = document.createElement("template");
  piece.innerHTML = html;
  const fresh = piece.content.querySelector("li");
  const hash = fresh.querySelector("[name=picture]").value;
  const known = form.querySelector(`[name=picture][value="${hash}"]`);
  if (known) item.remove();
  else item.replaceWith(fresh);
  const count = form.querySelectorAll("[name=picture]").length;
  form.elements.image[0].closest("details").querySelector("summary small").textContent = `${count} received`;
  insert(fresh.querySelector("code").textContent);
  say(`${name} is here. Say what it shows.`);
}

function list() {
  const here = form.querySelector(".pictures");
  if (here) return here;
  const made = document.createElement("ul");
  made.className = "pictures";
  const folded = form.elements.image[0].closest("details");
  folded.open = true;
  folded.querySelector("summary").after(made);
  return made;
}

function insert(line) {
  const [before, after] = [text.value.slice(0, text.selectionStart), text.value.slice(text.selectionEnd)];
  const gap = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  text.setRangeText(`${gap}${line}${after.startsWith("\n\n") ? "" : "\n\n"}`, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

text.addEventListener("paste", (event) => {
  if (take(event.clipboardData.files)) event.preventDefault();
});
form.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
form.addEventListener("drop", (event) => {
  if (event.target.type !== "file" && take(event.dataTransfer.files)) event.preventDefault();
});

// Ctrl or Cmd: S saves what is a draft and stays one, and only keeps the rest; Enter presses the button that stands out.
// A page without that button has nothing to press: a form that is sent by none is published.
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (event.key !== "s" && event.key !== "Enter") return;
  event.preventDefault();
  const button = form.querySelector(event.key === "s" ? "[data-save]" : "button.primary");
  if (button) form.requestSubmit(button);
  else if (event.key === "s") keep();
});
