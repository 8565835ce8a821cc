// Builds elements. Whatever comes from a document or a person goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

// An element with properties (`class`, `on…` listeners, others as attributes) and children, of which strings become text.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

// Words for those who listen, where the eye has a colour or a line.
export const unseen = (text) => element("span", { class: "unseen" }, text);

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

export const day = (moment) => days.format(new Date(moment));

// From when until when something applies, in words.
export function validity({ valid_from: from, valid_to: to }) {
  if (from && to) return `${day(from)} until ${day(to)}`;
  if (from) return `since ${day(from)}`;
  return to ? `until ${day(to)}` : "without a known beginning or end";
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// What the service says, as a sentence, with its dates as people write them.
export function sentence(text) {
  const said = capital(text).replace(/\b\d{4}-\d{2}-\d{2}\b/g, (date) => (Number.isNaN(Date.parse(date)) ? date : day(date)));
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

export const calm = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
