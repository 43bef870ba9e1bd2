// Words of the page: the Japanese text is the key, the page brings the other language along.

const element = document.getElementById("words");
const catalogue = element ? JSON.parse(element.textContent) : {};

export function t(text, values = {}) {
  const found = catalogue[text] ?? text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
