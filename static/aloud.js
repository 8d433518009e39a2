// Reads an answer aloud with the browser's own voices.

import { all, announce, find, tell, translated } from "app";

// Longer texts are cut off by some browsers.
const PIECE = 220;
const SCRIPTS = [
  [/[\u3040-\u30ff]/, "ja"], [/[\u4e00-\u9fff]/, "zh"], [/[\uac00-\ud7af]/, "ko"], [/[іїєґ]/i, "uk"], [/[\u0400-\u04ff]/, "ru"],
  [/[\u0600-\u06ff]/, "ar"], [/[\u0590-\u05ff]/, "he"], [/[\u0370-\u03ff]/, "el"], [/[\u0e00-\u0e7f]/, "th"], [/[\u0900-\u097f]/, "hi"],
];
const WORDS = {
  en: "the and of is are to that for with this",
  de: "der die das und ist nicht ein eine mit für",
  fr: "le la les des et est une dans pour que",
  es: "el los las y es una por para que con",
  it: "il gli che e di una per sono con della",
  pt: "o os as e um uma para com não que",
  nl: "de het een en van is niet met voor op",
  pl: "i w na z jest nie się do że to",
  sv: "och att det som en är för inte med av",
};

let reading = null;

// Of the script that most letters are in; of Latin letters, of the commonest words.
export function languageOf(text) {
  const part = text.slice(0, 2000);
  const letters = part.match(/\p{L}/gu)?.length ?? 0;
  const foreign = SCRIPTS.find(([script]) => (part.match(new RegExp(script, "giu"))?.length ?? 0) > letters * 0.25);
  if (foreign) return foreign[1];
  const words = part.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = Object.entries(WORDS).map(([name, known]) => [words.filter((word) => known.split(" ").includes(word)).length, name]);
  const [count, name] = counts.reduce((best, each) => (each[0] > best[0] ? each : best), [0, ""]);
  return count ? name : document.documentElement.lang;
}

// Above public, only voices of this device: others send the text to the browser's maker.
function voiceFor(language, isPublic) {
  const voices = speechSynthesis.getVoices().filter((voice) => voice.lang.toLowerCase().startsWith(language));
  return voices.find((voice) => voice.localService) ?? (isPublic ? voices[0] : undefined);
}

function spokenText(answer) {
  const part = answer.cloneNode(true);
  all(".cite, .unfound, button, details, svg", part).forEach((extra) => extra.remove());
  all(".code", part).forEach((block) => block.replaceWith(translated(" (Code.) ")));
  all("li, p, h1, h2, h3, h4, h5, h6, tr", part).forEach((block) => block.append("\n"));
  all("td, th", part).forEach((cell) => cell.append(", "));
  return part.textContent;
}

// At the ends of sentences, then of words.
export function pieces(text) {
  const found = [];
  for (const sentence of text.match(/[^\n.!?。！？]+[.!?。！？]*["”’)]*\s*/g) ?? []) {
    let rest = sentence.trim();
    while (rest.length > PIECE) {
      const end = rest.lastIndexOf(" ", PIECE);
      found.push(rest.slice(0, end > 0 ? end : PIECE));
      rest = rest.slice(end > 0 ? end : PIECE).trim();
    }
    if (rest) found.push(rest);
  }
  return found;
}

function show(button, isReading) {
  button.ariaLabel = isReading ? translated("Stop reading") : translated("Read aloud");
  button.title = button.ariaLabel;
  find("use", button).setAttribute("href", isReading ? "#i-stop" : "#i-aloud");
}

function stop() {
  const button = reading;
  reading = null;
  speechSynthesis.cancel();
  if (button) show(button, false);
}

export function toggle(button, isPublic) {
  const isStop = reading === button;
  stop();
  if (isStop) return;
  const text = spokenText(find(button.dataset.aloud));
  const language = languageOf(text);
  const voice = voiceFor(language, isPublic);
  if (!voice) return tell(translated("This device has no voice for the language of this answer."), "warning");
  reading = button;
  show(button, true);
  announce("");
  const parts = pieces(text).map((piece) => Object.assign(new SpeechSynthesisUtterance(piece), { voice, lang: voice.lang }));
  const end = () => reading === button && stop();
  parts.at(-1)?.addEventListener("end", end);
  for (const part of parts) {
    part.addEventListener("error", end);
    speechSynthesis.speak(part);
  }
  if (!parts.length) stop();
}

addEventListener("pagehide", stop);
