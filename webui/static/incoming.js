// 折り返し着信: of each tier only what its kind needs is there to fill in.

for (const tier of document.querySelectorAll("[data-tier]")) {
  const kind = tier.querySelector("select[name^=kind-]");
  const look = () => {
    for (const part of tier.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind.value);
  };
  kind.addEventListener("change", look);
  look();
}
