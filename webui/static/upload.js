// Choosing a file: by drop or by dialog, refused at once when it is too large, with progress while it goes up.

import { number } from "./format.js";
import { csrf } from "./frame.js";
import { say } from "./dom.js";
import { t } from "./words.js";

const form = document.getElementById("upload");
const zone = document.getElementById("drop");
const input = form.querySelector("input[type=file]");
const bytesMax = Number(form.dataset.bytesMax);
const problem = document.getElementById("problem");
const progress = document.getElementById("sent");

function chosen() {
  const file = input.files[0];
  say(document.getElementById("file-name"), file ? `${file.name}（${number(file.size / 1000)} KB）` : "");
  const isTooLarge = file && file.size > bytesMax;
  say(problem, isTooLarge ? t("ファイルが大きすぎます（上限 {n} MB）。分割してください。", { n: number(bytesMax / 1e6) }) : "");
  form.querySelector("button.primary").disabled = !file || isTooLarge;
}

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) {
    input.files = event.dataTransfer.files;
    chosen();
  }
});
input.addEventListener("change", chosen);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRF", csrf);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (step) => {
    progress.hidden = false;
    progress.max = step.total;
    progress.value = step.loaded;
  });
  request.addEventListener("load", () => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      answer = { what: t("送信できませんでした。") };
    }
    if (answer.to) location.assign(answer.to);
    else failed(`${answer.what ?? ""} ${answer.remedy ?? ""}`);
  });
  request.addEventListener("error", () => failed(t("送信できませんでした。もう一度お試しください。")));
  request.send(new FormData(form));
});

function failed(text) {
  say(problem, text);
  progress.hidden = true;
  const button = form.querySelector("button.primary");
  button.disabled = false;
  button.removeAttribute("aria-busy");
}
chosen();
