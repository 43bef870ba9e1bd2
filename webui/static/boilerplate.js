// A boilerplate that is chosen goes into the memo, behind what stands there: <select data-into="id of textarea">.

for (const select of document.querySelectorAll("select[data-into]")) {
  select.addEventListener("change", () => {
    const memo = document.getElementById(select.dataset.into);
    if (!select.value || !memo) return;
    memo.value = memo.value.trim() ? `${memo.value.trimEnd()}\n${select.value}` : select.value;
    memo.dispatchEvent(new Event("input", { bubbles: true }));
    memo.focus();
    select.value = "";
  });
}
