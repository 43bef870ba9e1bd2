// ユーザー: the projects are open to choose only where "chosen" is, the phone only to roles that call; the slip prints.

const CALLERS = ["MGR", "SV", "OP"];

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

const form = document.querySelector("form[data-person]");
if (form && !form.elements.role.disabled) {
  const look = () => {
    const isChosen = form.querySelector("input[name=where]:checked")?.value === "chosen";
    for (const box of form.querySelectorAll("[data-where] input")) box.disabled = !isChosen;
    for (const field of form.querySelectorAll("[data-phone] input")) field.disabled = !CALLERS.includes(form.elements.role.value);
  };
  form.addEventListener("change", look);
  look();
}
