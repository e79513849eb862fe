// Dialogs that send something: they show a problem where it arose, and stay open then.

import { api, member, refresh, toast } from "./live.js";

const one = (selector, root = document) => root.querySelector(selector);

// Runs a dialog's request; a problem is shown in the dialog, which stays open.
export async function submit(form, work) {
  const button = one('[type="submit"]', form);
  const problem = one("[data-problem]", form);
  button.disabled = true;
  try {
    await work();
    form.closest("dialog").close();
    await refresh();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

// A command that was typed into a form: what refuses it belongs in the form.
async function run(text) {
  const { posts } = await api("POST", "/api/command", { member: member(), text });
  const refused = posts.find((post) => post.refused);
  if (refused) throw new Error(refused.text.split("\n").slice(1).join("\n").trim() || refused.text);
  return posts[0]?.text.split("\n")[0] ?? "Saved";
}

// Quotes end a value, so they become apostrophes.
const pair = (name, value) => `${name}="${value.trim().replaceAll(/["“”„]/g, "'")}"`;

// ---- Guided forms ------------------------------------------------------------------------

export function openForm(form) {
  if (form.fields.some((each) => each.kind === "file")) {
    location.assign("/guides#bring-title"); // files have a page of their own
    return;
  }
  const box = document.getElementById("form");
  one("form", box).dataset.command = form.command;
  one("[data-runs]", box).textContent = `/${form.command}`;
  one("#form-title", box).textContent = form.title;
  one("[data-problem]", box).hidden = true;
  one("[data-fields]", box).replaceChildren(...form.fields.map(field));
  box.showModal();
  one("[data-fields] [name]", box)?.focus();
}

function field(each) {
  const label = document.createElement("label");
  const control = document.createElement(each.choices.length ? "select" : "input");
  each.choices.forEach((choice, n) => control.append(new Option(each.told[n] || choice, choice)));
  control.name = each.name;
  control.value = each.value;
  control.required = each.required;
  control.dataset.was = each.value;
  const name = document.createElement("span");
  name.textContent = each.label;
  if (!each.required && !each.value) name.append(optional());
  label.append(name, control);
  if (each.description !== each.label) {
    const hint = document.createElement("small");
    hint.textContent = each.description;
    label.append(hint);
  }
  return label;
}

function optional() {
  const words = document.createElement("small");
  words.textContent = " (optional)";
  return words;
}

// Sends what was changed, and what the command can't do without.
async function sendForm(form) {
  const fields = [...form.querySelectorAll("[name]")];
  const changed = fields.filter((each) => each.value !== each.dataset.was);
  if (!changed.length && !fields.some((each) => each.required)) {
    form.closest("dialog").close();
    return;
  }
  const pairs = fields
    .filter((each) => each.required || changed.includes(each))
    .map((each) => pair(each.name, each.value));
  await submit(form, async () => toast(await run(`/${form.dataset.command} ${pairs.join(" ")}`)));
}

// ---- An appeal's reason --------------------------------------------------------------------

let appealed = {};

// ``post`` is what said that the appeal is filed; the message with the reason takes its place.
export function openReason(press, post) {
  appealed = { press, post };
  const box = document.getElementById("reason");
  one("[data-problem]", box).hidden = true;
  one("textarea", box).value = "";
  box.showModal();
  one("textarea", box).focus();
}

async function sendReason(form) {
  await submit(form, async () => {
    const { press, post } = appealed;
    await api("POST", "/api/press", { ...press, text: one("textarea", form).value });
    if (post) await api("DELETE", `/api/posts/${post}?member=${encodeURIComponent(member())}`);
    toast("Your reason is with the organisers.");
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-guided], [data-reason]")) return;
  event.preventDefault();
  if (form.matches("[data-guided]")) sendForm(form);
  else sendReason(form);
});
