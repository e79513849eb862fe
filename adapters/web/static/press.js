// Buttons on messages that the server acts on: appeals, rulings, commands to run.

import { openForm, openReason } from "./dialogs.js";
import { api, member, refresh, toast } from "./live.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-press], [data-run]")) return;
  event.preventDefault();
  if (!event.submitter || form.dataset.busy) return;
  if (form.matches("[data-press]")) press(form, event.submitter);
  else run(form, event.submitter);
});

async function press(form, button) {
  const [action, target] = button.value.split(":");
  const body = { member: member(), action, target: Number(target) };
  if (form.dataset.thread) body.thread_id = Number(form.dataset.thread);
  await once(form, async () => {
    const { posts } = await api("POST", "/api/press", body);
    form.closest("dialog")?.close();
    await follow(posts);
    if (action === "appeal") openReason(body, posts[0]?.post_id);
  });
}

async function run(form, button) {
  await once(form, async () => {
    const { posts } = await api("POST", "/api/command", { member: member(), text: button.value });
    await follow(posts);
  });
  release(form);
}

// Nothing can be pressed twice: what was done stays shut, what failed can be tried again.
async function once(form, work) {
  form.dataset.busy = "yes";
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  try {
    await work();
  } catch (error) {
    toast(error.message, true);
    release(form);
    await refresh();
  }
}

function release(form) {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
}

// Shows what was answered: scrolled to, and focused so that it is read out and Tab goes on there.
async function follow(posts) {
  await refresh();
  const guided = posts.find((post) => post.form);
  if (guided) openForm(guided.form);
  const post = document.getElementById(`post-${posts.at(-1)?.post_id}`);
  if (!post) toast(posts.at(-1)?.text.split("\n")[0] ?? "Done");
  else reveal(post);
}

// All of it, or its beginning where it is taller than what it scrolls in.
function reveal(post) {
  const tall = post.offsetHeight > post.closest("[data-scroller]").clientHeight;
  post.scrollIntoView({ block: tall ? "start" : "nearest" });
  post.focus({ preventScroll: true });
}
