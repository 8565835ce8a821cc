// The page: takes the question, and shows how far it is and what came of it.

import { beginAnswer, finishAnswer, refuse, showSentence } from "./answer.js";
import { closeDocument } from "./document.js";
import { byId, capital, day, element, sentence } from "./elements.js";
import { ask, get, Problem } from "./service.js";

const form = byId("ask");
const question = byId("question");
const progress = byId("progress");

let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  answerIt();
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

async function answerIt() {
  const text = question.value.trim();
  const date = byId("day");
  if (!text) return complain(question, "Write what you want to know.");
  if (date.validity.badInput) return complain(date, "That is no day of the calendar. Correct it, or clear it for today.");
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const asked = {
    question: text,
    as_of: date.value || null,
    kind: byId("kind").value || null,
    jurisdiction: byId("jurisdiction").value || null,
  };
  closeDocument({ quietly: true });
  byId("answer").hidden = true;
  question.removeAttribute("aria-invalid");
  date.removeAttribute("aria-invalid");
  say("Looking for what applies …", true);
  try {
    for await (const event of ask(asked, mine.signal)) show(event, asked);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    say(sentence(problem.message), false, true);
  }
}

function show(event, asked) {
  if (event.event === "evidence") {
    say(`Reading ${event.sections.length === 1 ? event.sections[0] : `${event.sections[0]} and other sections`} …`, true);
  } else if (event.event === "checking") {
    say("Checking each sentence against what it quotes …", true);
  } else if (event.event === "sentence") {
    if (event.number === 1) beginAnswer(false, circumstances(asked));
    showSentence(event);
  } else if (event.refused) {
    beginAnswer(true, circumstances(asked));
    refuse(event);
    say("No answer was found.", false);
  } else {
    finishAnswer(event);
    const count = new Set(event.citations.map((citation) => citation.sentence)).size;
    say(count === 1 ? "Answered in one sentence." : `Answered in ${count} sentences.`, false);
  }
}

function circumstances(asked) {
  const where = [asked.kind, asked.jurisdiction].filter(Boolean).join(", ");
  const when = asked.as_of ? `What applied on ${day(asked.as_of)}` : "What applies today";
  return where ? `${when}, ${where} only` : when;
}

function say(text, isBusy, isProblem = false) {
  progress.textContent = text;
  progress.classList.toggle("busy", isBusy);
  progress.classList.toggle("problem", isProblem);
}

function complain(field, text) {
  say(text, false, true);
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

try {
  const choices = await get("choices");
  byId("kind").append(...choices.kinds.map((kind) => element("option", { value: kind }, capital(kind))));
  byId("jurisdiction").append(...choices.jurisdictions.map((name) => element("option", { value: name }, name)));
  if (!choices.sources.length) say("No source is registered yet: there is nothing to ask about.", false, true);
} catch (problem) {
  if (!(problem instanceof Problem)) throw problem;
  say(sentence(problem.message), false, true);
}
