// Talks to the service: JSON in, JSON or a line an event out. Asks for the key where one is needed.

import { byId } from "./elements.js";

const KEPT = "service-key";

export class Problem extends Error {}

export async function get(path, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const response = await reach(`api/${path}?${query}`, {});
  return response.json();
}

// The events of an answer, one by one as they arrive.
export async function* ask(question, signal) {
  const headers = { "Content-Type": "application/json" };
  const response = await reach("api/ask", { method: "POST", headers, body: JSON.stringify(question), signal });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ? decoder.decode(value, { stream: true }) : "")).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "problem") throw new Problem(event.detail);
      yield event;
    }
    if (done) return;
  }
}

async function reach(address, options) {
  for (let again = false; ; again = true) {
    const key = sessionStorage.getItem(KEPT);
    const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    let response;
    try {
      response = await fetch(address, { ...options, headers, cache: "no-store", credentials: "omit" });
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      throw new Problem("The service can’t be reached. See that it runs, then ask again.");
    }
    if (response.ok) return response;
    if (response.status !== 401) throw new Problem(await reason(response));
    sessionStorage.setItem(KEPT, await askForKey(again || key !== null));
  }
}

async function reason(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return "The service is busy or gone. Ask again in a minute.";
  }
}

let asked = null;

// Several requests may find out at once that a key is needed; one dialog serves them all.
function askForKey(wasWrong) {
  asked ??= new Promise((resolve) => {
    const dialog = byId("key-dialog");
    if (wasWrong) byId("key-problem").textContent = "That key is not the service’s. Try again.";
    byId("key").value = "";
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener(
      "close",
      () => {
        asked = null;
        resolve(byId("key").value.trim());
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asked;
}
