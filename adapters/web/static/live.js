// Keeps a page current. The server renders; on a change this fetches the page again and
// swaps only the parts marked data-live, so typing, scroll and focus stay where they are.

const app = document.querySelector("[data-app]");
const announcer = document.getElementById("announcer");
const toasts = document.getElementById("toasts");
const rendered = new Map(); // key -> the server's HTML, to see what really changed
const YEAR = 31536000;

export const member = () => app?.dataset.member ?? "";

// ---- Talking to the server -------------------------------------------------------------

export async function api(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Error("studybot can't be reached just now. What you typed is still here.");
  }
  if (response.status === 401) location.assign("/login");
  if (response.status === 204) return {};
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(data.detail ?? "That didn't work. Try again.");
  return data;
}

export function toast(text, bad = false) {
  const box = document.createElement("p");
  box.className = bad ? "toast bad" : "toast";
  box.textContent = text;
  // A modal dialog hides what is outside of it, so the toast goes inside.
  (document.querySelector("dialog[open]") ?? toasts).append(box);
  setTimeout(() => box.remove(), Math.max(3500, text.length * 70));
}

// ---- Swapping what changed ---------------------------------------------------------------

function remember(root) {
  for (const region of root.querySelectorAll("[data-live]")) {
    if (region.dataset.live === "list") {
      for (const child of region.children) rendered.set(keyOf(region, child), child.outerHTML);
    } else {
      rendered.set(region.id, region.innerHTML);
    }
  }
}

const keyOf = (region, child) => `${region.id}/${child.dataset.key}`;

function swap(fresh) {
  for (const region of document.querySelectorAll("[data-live]")) {
    const incoming = fresh.getElementById(region.id);
    if (!incoming) continue;
    if (region.dataset.live === "list") {
      swapList(region, incoming);
    } else if (rendered.get(region.id) !== incoming.innerHTML) {
      rendered.set(region.id, incoming.innerHTML);
      keepFocus(region, () => region.replaceChildren(...incoming.childNodes));
    }
  }
}

function swapList(region, incoming) {
  const old = new Map([...region.children].map((child) => [child.dataset.key, child]));
  let place = region.firstElementChild;
  for (const child of [...incoming.children]) {
    const key = child.dataset.key;
    const there = old.get(key);
    old.delete(key);
    if (!there) {
      rendered.set(keyOf(region, child), child.outerHTML);
      child.classList.add("fresh");
      region.insertBefore(child, place);
      announce(child);
      continue;
    }
    if (there !== place) region.insertBefore(there, place);
    else place = place.nextElementSibling;
    update(region, there, child);
  }
  for (const gone of old.values()) gone.remove();
}

function update(region, there, child) {
  const key = keyOf(region, child);
  const html = child.outerHTML;
  // A message being edited stays as it is until that is done.
  if (rendered.get(key) === html || there.dataset.editing) return;
  rendered.set(key, html);
  keepFocus(there, () => {
    there.className = child.className;
    there.dataset.says = child.dataset.says ?? "";
    there.replaceChildren(...child.childNodes);
  });
}

// Replacing the focused button would drop focus to the page's top: find its twin.
function keepFocus(region, change) {
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const all = "a, button, summary, input, [tabindex]";
  const at = focused ? [...region.querySelectorAll(all)].indexOf(focused) : -1;
  change();
  if (focused && !region.contains(focused)) region.querySelectorAll(all)[at]?.focus();
}

function announce(child) {
  const says = child.dataset.says;
  if (!says || says.startsWith(`${member()}:`)) return;
  announcer.textContent = says;
  const jump = child.closest(".channel, .side")?.querySelector("[data-jump]");
  const scroller = child.closest("[data-scroller]");
  if (jump && scroller && scroller.scrollTop < -120) jump.hidden = false;
}

// ---- Refreshing ----------------------------------------------------------------------------

let running = null;
let again = false;

export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = (async () => {
    do {
      again = false;
      await load(location.href).then(({ fresh }) => show(fresh)).catch(() => undefined);
    } while (again);
    running = null;
  })();
  return running;
}

async function load(url) {
  const response = await fetch(url, { headers: { accept: "text/html" } });
  if (!response.ok || response.redirected) throw new Error("not this page");
  return { fresh: new DOMParser().parseFromString(await response.text(), "text/html") };
}

function show(fresh) {
  swap(fresh);
  const version = fresh.querySelector("[data-app]")?.dataset.version;
  if (version) app.dataset.version = version;
  localTimes();
}

// Opens a thread or another board in the side panel, without leaving the page.
export async function navigate(url, push = true) {
  try {
    const { fresh } = await load(url);
    const side = document.getElementById("side");
    const incoming = fresh.getElementById("side");
    if (!side || !incoming) throw new Error("no side panel");
    side.replaceChildren(...incoming.childNodes);
    side.setAttribute("aria-label", incoming.getAttribute("aria-label"));
    app.className = fresh.querySelector("[data-app]").className;
    remember(side);
    if (push) history.pushState({}, "", url);
    show(fresh);
    document.dispatchEvent(new CustomEvent("side:changed"));
  } catch {
    location.assign(url);
  }
}

addEventListener("popstate", () => navigate(location.href, false));

function listen() {
  const source = new EventSource(`/api/events?since=${app.dataset.version}`);
  source.addEventListener("change", (event) => {
    if (JSON.parse(event.data).version > Number(app.dataset.version)) refresh();
  });
  // EventSource reconnects by itself, but not after an error status: begin again then.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 4000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// ---- Times in the reader's zone --------------------------------------------------------

const STYLES = {
  time: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "long", day: "numeric", month: "long" },
  full: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  date: { day: "numeric", month: "short", year: "numeric" },
};
const formats = Object.fromEntries(
  Object.entries(STYLES).map(([name, style]) => [
    name,
    new Intl.DateTimeFormat(undefined, { hourCycle: "h23", ...style }),
  ]),
);
const span = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "long" });

function localTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    const text = formats[element.dataset.style ?? "time"].format(at);
    const shown = "relative" in element.dataset ? `${text} (${fromNow(at)})` : text;
    if (element.textContent !== shown) element.textContent = shown;
    element.title ||= new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(at);
  }
}

function fromNow(at) {
  const minutes = Math.round((at - Date.now()) / 60000);
  if (Math.abs(minutes) < 60) return span.format(minutes, "minute");
  const hours = Math.round(minutes / 60);
  return Math.abs(hours) < 36 ? span.format(hours, "hour") : span.format(Math.round(hours / 24), "day");
}

// ---- Theme ----------------------------------------------------------------------------

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme === "auto"
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : root.dataset.theme === "dark";
  const theme = dark ? "light" : "dark";
  root.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme;
  keep("studybot_theme", theme);
}

function keep(name, value) {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${YEAR}; samesite=lax`;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) toggleTheme();
  const jump = event.target.closest("[data-jump]");
  if (jump) {
    jump.parentElement.querySelector("[data-scroller]").scrollTop = 0;
    jump.hidden = true;
  }
});
document.addEventListener(
  "scroll",
  (event) => {
    if (!event.target.matches?.("[data-scroller]") || event.target.scrollTop < -120) return;
    const jump = event.target.parentElement.querySelector("[data-jump]");
    if (jump) jump.hidden = true;
  },
  { capture: true, passive: true },
);

keep("studybot_zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC");
if (app) {
  remember(document);
  localTimes();
  setInterval(localTimes, 30000);
  listen();
}
