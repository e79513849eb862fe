// What a member does on the page: the composer with its commands, threads, answering,
// editing, deleting. Every click is handled here, so that swapped parts need no wiring.

import { openForm, submit } from "./dialogs.js";
import { api, member, navigate, refresh, toast } from "./live.js";

const one = (selector, root = document) => root.querySelector(selector);
const ANSWER_LIMIT = 8000;

// ---- Composer ------------------------------------------------------------------------

async function send(form) {
  const area = one("textarea", form);
  const text = area.value.trim();
  const button = one(".send", form);
  if (!text || button.disabled) return;
  const { thread, round } = form.dataset;
  button.disabled = true;
  closeSuggestions(area);
  try {
    const done = await dispatch(text, thread, round);
    // What was typed since then is not thrown away.
    if (area.value.trim() === text) area.value = "";
    drafts.save(area);
    if (done.note) toast(done.note);
    await refresh();
    form.parentElement.querySelector("[data-scroller]").scrollTop = 0;
  } catch (error) {
    toast(error.message, true);
  } finally {
    button.disabled = false;
    // Somebody who has gone on to another control is left there.
    if (document.activeElement === document.body || form.contains(document.activeElement)) area.focus();
  }
}

async function dispatch(text, thread, round) {
  const place = thread ? { thread_id: Number(thread) } : {};
  if (text.startsWith("/")) {
    const { posts } = await api("POST", "/api/command", { member: member(), text, ...place });
    const guided = posts.find((post) => post.form);
    if (guided) openForm(guided.form);
    for (const post of posts) if (post.file) download(post.file);
    return {};
  }
  if (round) return api("POST", `/api/rounds/${round}/replies`, { member: member(), text });
  return api("POST", "/api/posts", { member: member(), text, ...place });
}

function download({ name, text }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Drafts outlive a switched thread and a reloaded page, not the tab.
const drafts = {
  save(area) {
    const key = `draft:${area.dataset.draft ?? area.id}`;
    if (area.value) sessionStorage.setItem(key, area.value);
    else sessionStorage.removeItem(key);
  },
  restore(root) {
    for (const area of root.querySelectorAll("[data-composer] textarea")) {
      area.value ||= sessionStorage.getItem(`draft:${area.id}`) ?? "";
      grow(area);
    }
  },
};

function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-composer]")) {
    event.preventDefault();
    send(form);
  } else if (form.matches("[data-answer-form]")) {
    event.preventDefault();
    sendAnswer(form);
  } else if (form.matches(".editor")) {
    event.preventDefault();
    saveEdit(form);
  }
});

document.addEventListener("input", (event) => {
  const area = event.target;
  if (area.matches("[data-composer] textarea")) {
    drafts.save(area);
    grow(area);
    suggestSoon(area);
  } else if (area.id === "answer-text") {
    drafts.save(area);
    count(area);
  }
});

document.addEventListener("keydown", (event) => {
  const area = event.target;
  if (area.matches?.("[data-composer] textarea")) {
    if (pickByKey(area, event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(area.form);
    }
  } else if (area.matches?.(".editor textarea")) {
    if (event.key === "Escape") endEdit(area.closest("[data-post]"));
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  } else if (area.id === "answer-text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    area.form.requestSubmit();
  }
  if (event.key === "Escape" && !event.defaultPrevented) closeThread(event);
});

function closeThread(event) {
  if (document.querySelector("dialog[open], :popover-open")) return;
  const close = event.target.closest?.("#side") && one("#side .side-head a[data-side]");
  if (close) navigate(close.href);
}

// ---- Autocomplete: a listbox that the text field points at ---------------------------------

let asked = 0;
let timer = 0;

function suggestSoon(area) {
  clearTimeout(timer);
  if (!area.value.startsWith("/") || area.value.includes("\n")) {
    closeSuggestions(area);
    return;
  }
  timer = setTimeout(() => suggest(area), 70);
}

async function suggest(area) {
  const turn = ++asked;
  const text = area.value;
  let found = [];
  try {
    found = (await api("GET", `/api/suggest?text=${encodeURIComponent(text)}`)).suggestions;
  } catch {
    // Typing goes on without completions.
  }
  if (turn !== asked || area.value !== text) return;
  const exact = found.length === 1 && found[0].text.trim() === text.trim();
  showSuggestions(area, exact ? [] : found);
}

const listOf = (area) => one(".suggest", area.form);

function showSuggestions(area, found) {
  const list = listOf(area);
  list.replaceChildren(...found.map((each, at) => option(list, each, at)));
  list.hidden = found.length === 0;
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  if (list.hidden) {
    closeSuggestions(area);
    return;
  }
  area.setAttribute("role", "combobox");
  area.setAttribute("aria-expanded", "true");
  select(area, 0);
}

function option(list, each, at) {
  const item = document.createElement("li");
  item.id = `${list.id}-${at}`;
  item.setAttribute("role", "option");
  item.dataset.text = each.text;
  const label = document.createElement("b");
  label.textContent = each.label;
  const description = document.createElement("span");
  description.textContent = each.description;
  item.append(label, description);
  return item;
}

function select(area, at) {
  const options = [...listOf(area).children];
  const place = (at + options.length) % options.length;
  options.forEach((each, index) => each.setAttribute("aria-selected", String(index === place)));
  area.setAttribute("aria-activedescendant", options[place].id);
  options[place].scrollIntoView({ block: "nearest" });
}

const selected = (area) => one('[aria-selected="true"]', listOf(area));

function closeSuggestions(area) {
  clearTimeout(timer);
  asked += 1; // an answer under way comes too late
  listOf(area).hidden = true;
  for (const name of ["role", "aria-expanded", "aria-activedescendant"]) area.removeAttribute(name);
}

function take(area, item) {
  area.value = item.dataset.text;
  area.setSelectionRange(area.value.length, area.value.length);
  drafts.save(area);
  closeSuggestions(area);
  if (/[ =]$/.test(area.value)) suggestSoon(area);
}

// True if the key was for the list.
function pickByKey(area, event) {
  if (listOf(area).hidden) return false;
  const options = [...listOf(area).children];
  const at = options.indexOf(selected(area));
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) select(area, at + steps[event.key]);
  else if (event.key === "Escape") closeSuggestions(area);
  else if (event.key === "Tab" && !event.shiftKey) take(area, options[at]);
  else if (event.key === "Enter" && !event.shiftKey && worthTaking(area, options[at])) take(area, options[at]);
  else return false;
  event.preventDefault();
  return true;
}

// Enter completes what is unfinished; a line that can be run as it stands is sent.
function worthTaking(area, item) {
  const typed = area.value.trimEnd().toLowerCase();
  const text = item.dataset.text.trimEnd().toLowerCase();
  return text !== typed && text.startsWith(typed) && !(typed.includes(" ") && !moved(area));
}

const moved = (area) => area.getAttribute("aria-activedescendant")?.endsWith("-0") === false;

document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-composer] textarea")) closeSuggestions(event.target);
});
document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest(".suggest li");
  if (!item) return;
  event.preventDefault(); // keeps focus in the text field
  take(one("textarea", item.closest("form")), item);
});

// ---- Clicks ----------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = at("a[data-side]");
  if (link) {
    event.preventDefault();
    openSide(link);
  } else if (at("[data-answer]")) openAnswer(at("[data-answer]"));
  else if (at("[data-grade]")) openGrade(at("[data-grade]").dataset.grade);
  else if (at("[data-fill]")) fill(at("[data-fill]").dataset.fill);
  else if (at("[data-edit]")) beginEdit(at("[data-post]"));
  else if (at("[data-delete]")) remove(at("[data-delete]"));
  else if (at("[data-cancel]")) endEdit(at("[data-post]"));
  else if (at("[data-close]")) at("dialog").close();
  else if (event.target.matches("dialog")) event.target.close();
});

// A command that a message names: into the composer, to be sent with Enter.
function fill(text) {
  const area = one(".channel [data-composer] textarea");
  if (!area) return;
  area.value = text;
  drafts.save(area);
  area.focus();
}

async function openSide(link) {
  const opens = link.search.includes("thread=");
  const closes = link.closest(".side-head");
  await navigate(link.href);
  if (opens) one("#side textarea")?.focus({ preventScroll: true });
  else if (closes) one("#posts .thread-link")?.focus({ preventScroll: true });
  else one(`#side a[href="${link.getAttribute("href")}"]`)?.focus();
}

document.addEventListener("side:changed", () => drafts.restore(one("#side")));

// ---- Answering -------------------------------------------------------------------------

const dialog = (id) => document.getElementById(id);

function openAnswer(button) {
  const box = dialog("answer");
  if (!box) {
    location.assign("/");
    return;
  }
  const area = one("textarea", box);
  one("form", box).dataset.round = button.dataset.answer;
  one("#answer-title", box).textContent = button.dataset.prompt ?? "Your answer";
  one("[data-problem]", box).hidden = true;
  area.dataset.draft = `answer-${button.dataset.answer}`;
  area.value = sessionStorage.getItem(`draft:${area.dataset.draft}`) ?? "";
  count(area);
  box.showModal();
  area.focus();
}

function count(area) {
  const label = one("[data-count]", area.form);
  const length = [...area.value.trim()].length;
  label.textContent = `${length.toLocaleString()} / ${ANSWER_LIMIT.toLocaleString()}`;
  label.classList.toggle("over", length > ANSWER_LIMIT);
}

async function sendAnswer(form) {
  const area = one("textarea", form);
  await submit(form, async () => {
    const path = `/api/rounds/${form.dataset.round}/answers`;
    const done = await api("POST", path, { member: member(), text: area.value });
    sessionStorage.removeItem(`draft:${area.dataset.draft}`);
    area.value = "";
    toast(done.note || "Your answer is in. The grade follows in the thread.");
  });
}

async function openGrade(round) {
  const box = dialog("grade");
  if (!box) {
    location.assign(`/rounds/${round}`);
    return;
  }
  try {
    const response = await fetch(`/rounds/${round}`, { headers: { accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const mine = fresh.getElementById("mine");
    if (!mine) throw new Error("There is no answer to show.");
    mine.removeAttribute("id");
    one("[data-grade-body]", box).replaceChildren(mine);
    box.showModal();
  } catch (error) {
    toast(error.message, true);
  }
}

// ---- Editing and deleting ------------------------------------------------------------------

function beginEdit(post) {
  const text = one("[data-text]", post);
  if (!text || post.dataset.editing) return;
  post.dataset.editing = "yes";
  const form = document.createElement("form");
  form.className = "editor";
  const area = document.createElement("textarea");
  area.value = text.textContent;
  area.setAttribute("aria-label", "Edit your message");
  const row = document.createElement("p");
  row.append(button("Save", "submit", "button primary small"), button("Cancel", "button", "button small"));
  row.lastElementChild.dataset.cancel = "";
  form.append(area, row);
  text.hidden = true;
  text.after(form);
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function button(label, type, className) {
  const made = document.createElement("button");
  Object.assign(made, { type, className, textContent: label });
  return made;
}

function endEdit(post) {
  one(".editor", post)?.remove();
  const text = one("[data-text]", post);
  if (text) text.hidden = false;
  delete post.dataset.editing;
  one("[data-edit]", post)?.focus();
  refresh();
}

async function saveEdit(form) {
  const post = form.closest("[data-post]");
  const text = one("textarea", form).value;
  try {
    const done = await api("PATCH", `/api/posts/${post.dataset.post}`, { member: member(), text });
    if (done.note) toast(done.note);
    endEdit(post);
  } catch (error) {
    toast(error.message, true);
  }
}

async function remove(pressed) {
  if (!("dismiss" in pressed.dataset) && !(await confirmed())) return;
  try {
    await api("DELETE", `/api/posts/${pressed.dataset.delete}?member=${encodeURIComponent(member())}`);
    await refresh();
  } catch (error) {
    toast(error.message, true);
  }
}

function confirmed() {
  const box = dialog("confirm");
  box.returnValue = "no";
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
  });
}

drafts.restore(document);
